package producer_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/goleak"

	"github.com/posthaste/posthaste/pkg/producer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func mustProducer(tb testing.TB, nc *nats.Conn, opts ...producer.Option) *producer.Producer {
	tb.Helper()
	p, err := producer.New(nc, opts...)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func event(id string) producer.Event {
	return producer.Event{ID: id, Tenant: "acme", Type: "task.claimed", Data: json.RawMessage(`{"n": 1.0}`)}
}

func mustCount(tb testing.TB, stream jetstream.Stream, want uint64) {
	tb.Helper()
	info, err := stream.Info(context.Background())
	if err != nil {
		tb.Fatal(err)
	}
	if info.State.Msgs != want {
		tb.Fatalf("the stream holds %d messages, want %d", info.State.Msgs, want)
	}
}

// retries returns an option and a channel that is closed at the first retry.
func retries() (producer.Option, <-chan struct{}) {
	h := &firstRecord{Handler: slog.DiscardHandler, seen: make(chan struct{})}
	return producer.WithLogger(slog.New(h)), h.seen
}

type firstRecord struct {
	slog.Handler
	once sync.Once
	seen chan struct{}
}

func (h *firstRecord) Enabled(context.Context, slog.Level) bool { return true }

func (h *firstRecord) Handle(context.Context, slog.Record) error {
	h.once.Do(func() { close(h.seen) })
	return nil
}

// result of a call in the background.
type result struct {
	ack producer.Ack
	err error
}

func publishLater(ctx context.Context, p *producer.Producer, e producer.Event) <-chan result {
	done := make(chan result, 1)
	go func() {
		ack, err := p.Publish(ctx, e)
		done <- result{ack, err}
	}()
	return done
}
