package bus

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/goleak"

	"github.com/posthaste/posthaste/services/internal/settings"
	"github.com/posthaste/posthaste/services/internal/testbed"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func config(url string) Config {
	cfg := settings.Defaults[Config]()
	cfg.NATSURL = settings.SecretURL(url)
	return cfg
}

// connect connects until the test ends.
func connect(t *testing.T, cfg Config) *Bus {
	t.Helper()
	b, err := Connect(t.Context(), cfg, "test", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

func messages(n int, payload []byte) []Msg {
	msgs := make([]Msg, n)
	for i := range msgs {
		msgs[i] = Msg{Subject: "events.t.order", ID: fmt.Sprint("id-", i), Data: append([]byte(fmt.Sprint(i, " ")), payload...)}
	}
	return msgs
}

// stored lists what the stream holds, by Nats-Msg-Id and in order.
func stored(t *testing.T, b *Bus, stream string) []string {
	t.Helper()
	var ids []string
	for _, msg := range testbed.Messages(t, b.JS, stream) {
		ids = append(ids, msg.Header.Get(jetstream.MsgIDHeader))
	}
	return ids
}

func ids(msgs []Msg) []string {
	all := make([]string, len(msgs))
	for i, m := range msgs {
		all[i] = m.ID
	}
	return all
}

// consuming consumes until the test ends or stop is called.
func consuming(t *testing.T, b *Bus, stream, durable string, handle func(jetstream.Msg)) (stop func()) {
	t.Helper()
	return testbed.Running(t, func(ctx context.Context) error {
		return b.Consume(ctx, stream, durable, ConsumeOptions{Prefetch: 64, PrefetchBytes: 8 << 20}, handle)
	})
}

// recv waits for the next of ch.
func recv[T any](t *testing.T, what string, ch <-chan T) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(testbed.Patience):
		t.Fatalf("waited in vain: %s", what)
		panic("unreachable")
	}
}
