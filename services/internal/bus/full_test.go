package bus

import (
	"errors"
	"fmt"
	"testing"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"
)

// What holds work refuses what is new; where something is dropped it is the oldest
// of what only tells.
func TestWhoRefusesWhenFull(t *testing.T) {
	t.Parallel()
	b := &Bus{cfg: config("")}
	b.cfg.EventsMaxBytes, b.cfg.DeliveriesMaxBytes, b.cfg.DelaysMaxBytes, b.cfg.AttemptsMaxBytes = 1, 2, 3, 4
	got := make(map[string]string)
	for _, s := range b.streams() {
		got[s.Name] = fmt.Sprint(s.Discard, " ", s.MaxBytes, " ", s.Retention)
	}
	for name, want := range map[string]string{
		StreamEvents: "DiscardNew 1 Limits", StreamDeliveries: "DiscardNew 2 WorkQueue", StreamDelays: "DiscardNew 3 WorkQueue",
		StreamAttempts: "DiscardOld 4 Limits", StreamRejected: "DiscardOld 0 Limits",
	} {
		if got[name] != want {
			t.Errorf("%s: %s, want %s", name, got[name], want)
		}
	}
}

// A server whose disk is full takes nothing and says so; a publish waits for room.
func TestDiskIsFull(t *testing.T) {
	t.Parallel()
	b := connect(t, config("nats://"+serve(t, func(o *natsserver.Options) { o.JetStreamMaxStore = 1 << 20 })))
	p := b.NewPublisher(64, 8<<20)
	msgs := messages(64, make([]byte, 32<<10))
	acks := make([]Ack, len(msgs))
	err := p.PublishOnce(t.Context(), msgs, acks)
	var refused *jetstream.APIError
	if !errors.As(err, &refused) || permanent(err) {
		t.Fatalf("%v", err)
	}
	done := make(chan error, 1)
	go func() { done <- p.PublishAcked(t.Context(), msgs, acks) }()
	select {
	case err := <-done:
		t.Fatalf("published to a full disk: %v", err)
	case <-time.After(100 * time.Millisecond):
	}
	stream, err := b.JS.Stream(t.Context(), StreamEvents)
	if err != nil {
		t.Fatal(err)
	}
	// Room for all of it, a part at a time.
	for {
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
			return
		case <-time.After(20 * time.Millisecond):
			if err := stream.Purge(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// Of a repetition the acks say what this call has stored, also where an earlier
// try of it did.
func TestPublishAcked(t *testing.T) {
	t.Parallel()
	cfg := config("nats://" + serve(t, func(*natsserver.Options) {}))
	cfg.EventsMaxBytes = 5000
	b := connect(t, cfg)
	p := b.NewPublisher(64, 8<<20)
	msgs := messages(8, make([]byte, 1000))
	if err := p.Publish(t.Context(), msgs[:1]); err != nil {
		t.Fatal(err)
	}
	acks := make([]Ack, len(msgs))
	done := make(chan error, 1)
	go func() { done <- p.PublishAcked(t.Context(), msgs, acks) }()
	select {
	case err := <-done:
		t.Fatalf("all found room: %v", err)
	case <-time.After(100 * time.Millisecond):
	}
	info, err := b.StreamInfo(t.Context(), StreamEvents)
	if err != nil {
		t.Fatal(err)
	}
	info.Config.MaxBytes = -1
	if _, err := b.JS.UpdateStream(t.Context(), info.Config); err != nil {
		t.Fatal(err)
	}
	if err := recv(t, "the end of the publish", done); err != nil {
		t.Fatal(err)
	}
	if n := Taken(acks); n != len(msgs)-1 || !acks[0].Duplicate {
		t.Errorf("%d of %d are taken: %+v", n, len(msgs), acks)
	}
}
