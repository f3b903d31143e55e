package e2e

import (
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
)

// connect is a NATS client, as a producer has one.
func connect(t *testing.T, url string) *nats.Conn {
	t.Helper()
	nc, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

// messages is how many a stream holds.
func messages(t *testing.T, nc *nats.Conn, stream string) uint64 {
	t.Helper()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	s, err := js.Stream(t.Context(), stream) // asks the server
	if err != nil {
		t.Fatalf("look at %s: %v", stream, err)
	}
	return s.CachedInfo().State.Msgs
}

// awaitIdle returns when nothing is left to deliver, now or later: what
// arrives twice has arrived by then.
func (s *stack) awaitIdle(t *testing.T) {
	t.Helper()
	nc := connect(t, s.nats.url)
	defer nc.Close()
	// A delivery is always in one of the two, but may change between one look
	// and the next: two rounds see it.
	eventually(t, "everything to be delivered", func() bool {
		for range 2 {
			if messages(t, nc, "DELIVERIES") > 0 || messages(t, nc, "DELAYS") > 0 {
				return false
			}
		}
		return true
	}, nil)
}

// read returns the first n messages of a stream on the subject.
func read(t *testing.T, nc *nats.Conn, stream, subject string, n int) []jetstream.Msg {
	t.Helper()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	consumer, err := js.OrderedConsumer(t.Context(), stream, jetstream.OrderedConsumerConfig{FilterSubjects: []string{subject}})
	if err != nil {
		t.Fatalf("read %s: %v", stream, err)
	}
	var msgs []jetstream.Msg
	for deadline := time.Now().Add(patience); len(msgs) < n; {
		batch, err := consumer.Fetch(n-len(msgs), jetstream.FetchMaxWait(time.Second))
		if err != nil {
			t.Fatalf("read %s: %v", stream, err)
		}
		for msg := range batch.Messages() {
			msgs = append(msgs, msg)
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s has %d messages on %s, want %d", stream, len(msgs), subject, n)
		}
	}
	return msgs
}

// attempts are the first n records of the subscription's attempts on an event
// type. Probes leave records too, hence the type.
func attempts(t *testing.T, nc *nats.Conn, sub subscription, eventType string, n int) []*posthastev1.Attempt {
	t.Helper()
	var kept []*posthastev1.Attempt
	for want := n; len(kept) < n; want++ {
		kept = kept[:0]
		for _, msg := range read(t, nc, "ATTEMPTS", "attempts."+sub.Tenant+"."+sub.ID, want) {
			a := &posthastev1.Attempt{}
			if err := proto.Unmarshal(msg.Data(), a); err != nil {
				t.Fatal(err)
			}
			if a.GetEventType() == eventType {
				kept = append(kept, a)
			}
		}
	}
	return kept
}
