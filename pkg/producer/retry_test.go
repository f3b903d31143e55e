package producer_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/posthaste/posthaste/pkg/internal/natstest"
	"github.com/posthaste/posthaste/pkg/producer"
)

// TestRetryAcrossRestart has several attempts of one event wait in the
// client's reconnect buffer. The message id makes them one.
func TestRetryAcrossRestart(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t)
	nc := server.Connect(t)
	stream := natstest.Stream(t, nc)
	noted, retried := retries()
	p := mustProducer(t, nc, noted, producer.WithAckWait(100*time.Millisecond))
	if _, err := p.Publish(t.Context(), event("before")); err != nil {
		t.Fatal(err)
	}

	server.Stop()
	done := publishLater(t.Context(), p, event("during"))
	<-retried
	server.Restart(t)
	got := <-done
	if got.err != nil || got.ack.ID != "during" || got.ack.Sequence != 2 {
		t.Fatalf("got %+v, %v", got.ack, got.err)
	}
	ack, err := p.Publish(t.Context(), event("before"))
	if err != nil || !ack.Duplicate {
		t.Fatalf("got %+v, %v", ack, err)
	}
	mustCount(t, stream, 2)
}

func TestRetryUntilStreamExists(t *testing.T) {
	t.Parallel()
	nc := natstest.Start(t).Connect(t)
	noted, retried := retries()
	done := publishLater(t.Context(), mustProducer(t, nc, noted), event("1"))
	<-retried
	stream := natstest.Stream(t, nc)
	if got := <-done; got.err != nil || got.ack.Duplicate {
		t.Fatalf("got %+v, %v", got.ack, got.err)
	}
	mustCount(t, stream, 1)
}

func TestRetryEnds(t *testing.T) {
	t.Parallel()
	nc := natstest.Start(t).Connect(t)                             // Without a stream.
	p := mustProducer(t, nc, producer.WithMaxElapsed(time.Second)) // time enough for one answer on a busy machine
	ack, err := p.Publish(t.Context(), event("1"))
	if !errors.Is(err, jetstream.ErrNoStreamResponse) || errors.Is(err, producer.ErrRefused) || ack.ID != "1" {
		t.Fatalf("got %+v, %v", ack, err)
	}
	acks, err := p.PublishAll(t.Context(), []producer.Event{event("1"), event("2")})
	var batch *producer.BatchError
	if !errors.As(err, &batch) || len(batch.Failed) != 2 || !errors.Is(err, jetstream.ErrNoStreamResponse) || acks[1].ID != "2" {
		t.Fatalf("got %+v, %v", acks, err)
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	nc := natstest.Start(t).Connect(t) // Without a stream.
	noted, retried := retries()
	ctx, cancel := context.WithCancel(t.Context())
	done := publishLater(ctx, mustProducer(t, nc, noted), event("1"))
	<-retried
	cancel()
	if got := <-done; !errors.Is(got.err, context.Canceled) {
		t.Fatalf("got %v", got.err)
	}

	p := mustProducer(t, nc)
	if _, err := p.Publish(ctx, event("1")); !errors.Is(err, context.Canceled) {
		t.Fatalf("cancelled before: got %v", err)
	}
	if _, err := p.PublishAll(ctx, []producer.Event{event("1")}); !errors.Is(err, context.Canceled) {
		t.Fatalf("all, cancelled before: got %v", err)
	}
}

// TestCancelUnanswered has a responder that never answers, so that the wait
// itself must end.
func TestCancelUnanswered(t *testing.T) {
	t.Parallel()
	nc := natstest.Start(t).Connect(t)
	asked := make(chan *nats.Msg, 2)
	if _, err := nc.ChanSubscribe("events.>", asked); err != nil {
		t.Fatal(err)
	}
	p := mustProducer(t, nc, producer.WithAckWait(time.Hour), producer.WithMaxElapsed(time.Hour))
	for name, publish := range map[string]func(context.Context) error{
		"one": func(ctx context.Context) error { _, err := p.Publish(ctx, event("1")); return err },
		"all": func(ctx context.Context) error {
			_, err := p.PublishAll(ctx, []producer.Event{event("1")})
			return err
		},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- publish(ctx) }()
		<-asked
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		limit    func(*jetstream.StreamConfig)
		sealed   bool
		bytes    int
		wantText string
	}{
		"larger than the server takes": {bytes: 2 << 20, wantText: nats.ErrMaxPayload.Error()},
		"larger than the stream takes": {
			limit: func(c *jetstream.StreamConfig) { c.MaxMsgSize = 1000 },
			bytes: 2000, wantText: "message size exceeds maximum allowed",
		},
		"stream is full": {
			limit: func(c *jetstream.StreamConfig) { c.MaxBytes, c.Discard = 1000, jetstream.DiscardNew },
			bytes: 2000, wantText: "maximum bytes exceeded",
		},
		"stream is sealed": {sealed: true, bytes: 1, wantText: "sealed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			nc := natstest.Start(t).Connect(t)
			stream := natstest.Stream(t, nc, func(c *jetstream.StreamConfig) {
				if tt.limit != nil {
					tt.limit(c)
				}
			})
			if tt.sealed {
				seal(t, nc, stream)
			}
			noted, retried := retries()
			p := mustProducer(t, nc, noted)
			e := event("1")
			e.Data = json.RawMessage(`"` + strings.Repeat("x", tt.bytes) + `"`)
			_, err := p.Publish(t.Context(), e)
			if !errors.Is(err, producer.ErrRefused) || !strings.Contains(err.Error(), tt.wantText) {
				t.Errorf("got %v", err)
			}
			_, err = p.PublishAll(t.Context(), []producer.Event{e})
			if !errors.Is(err, producer.ErrRefused) || !strings.Contains(err.Error(), tt.wantText) {
				t.Errorf("all: got %v", err)
			}
			select {
			case <-retried:
				t.Error("it was tried again")
			default:
			}
		})
	}
}

func TestClosedConnection(t *testing.T) {
	t.Parallel()
	nc := natstest.Start(t).Connect(t)
	p := mustProducer(t, nc)
	nc.Close()
	if _, err := p.Publish(t.Context(), event("1")); !errors.Is(err, producer.ErrRefused) || !errors.Is(err, nats.ErrConnectionClosed) {
		t.Errorf("got %v", err)
	}
	if _, err := p.PublishAll(t.Context(), []producer.Event{event("1")}); !errors.Is(err, producer.ErrRefused) {
		t.Errorf("all: got %v", err)
	}
}

// seal changes a stream, as none can be made sealed.
func seal(tb testing.TB, nc *nats.Conn, stream jetstream.Stream) {
	tb.Helper()
	js, err := jetstream.New(nc)
	if err != nil {
		tb.Fatal(err)
	}
	config := stream.CachedInfo().Config
	config.Sealed = true
	if _, err := js.UpdateStream(tb.Context(), config); err != nil {
		tb.Fatal(err)
	}
}
