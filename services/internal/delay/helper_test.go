package delay

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/types/known/timestamppb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/delivery"
	"github.com/posthaste/posthaste/services/internal/testbed"
	"github.com/posthaste/posthaste/services/internal/testbed/bustest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// line is a delay line with a server of its own, and what comes out of it.
type line struct {
	nats      *testbed.NATS
	bus       *bus.Bus
	publisher *bus.Publisher
	due       chan moved
}

// moved is a delivery that has come to the lane due.
type moved struct {
	*posthastev1.Delivery
	at time.Time
}

func newLine(tb testing.TB) *line {
	tb.Helper()
	l := &line{nats: testbed.StartNATS(tb), due: make(chan moved, 4096)}
	l.bus = bustest.Connect(tb, l.nats.URL(), slog.New(slog.DiscardHandler))
	l.publisher = l.bus.NewPublisher(512, 8<<20)
	l.receive(tb)
	return l
}

// receive takes what is due, until the test ends.
func (l *line) receive(tb testing.TB) {
	tb.Helper()
	testbed.Running(tb, func(ctx context.Context) error {
		opts := bus.ConsumeOptions{Prefetch: 500, PrefetchBytes: 8 << 20}
		return l.bus.Consume(ctx, bus.StreamDeliveries, string(bus.LaneDue), opts, func(msg jetstream.Msg) {
			at := time.Now()
			if d, err := delivery.Decode(msg.Data()); err == nil {
				l.due <- moved{d, at}
			}
			_ = msg.Ack()
		})
	})
}

// mover starts a mover; ackWait 0 leaves it as it is.
func (l *line) mover(tb testing.TB, ackWait time.Duration) (stop func()) {
	tb.Helper()
	m := NewMover(l.bus, l.publisher, slog.New(slog.DiscardHandler))
	if ackWait > 0 {
		m.ackWait = ackWait
	}
	return testbed.Running(tb, m.Run)
}

func newDelivery(name string) *posthastev1.Delivery {
	return &posthastev1.Delivery{
		Id: name, SubscriptionId: "sub", Attempt: 2, CreatedAt: timestamppb.Now(),
		Event: &posthastev1.Event{Id: "evt_" + name, Tenant: "t", Type: "x", Data: []byte(`{"n":1}`), Time: timestamppb.Now()},
	}
}

// later puts a delivery off and returns when it is due.
func (l *line) later(tb testing.TB, name string, wait time.Duration) time.Time {
	tb.Helper()
	now := time.Now()
	at := now.Add(wait)
	msg, err := Later(newDelivery(name), at, "server_error", now)
	if err != nil {
		tb.Fatal(err)
	}
	if err := l.publisher.Publish(tb.Context(), []bus.Msg{msg}); err != nil {
		tb.Fatal(err)
	}
	return at
}

// next waits for the next that is due.
func (l *line) next(tb testing.TB) moved {
	tb.Helper()
	select {
	case m := <-l.due:
		return m
	case <-time.After(testbed.Patience):
		tb.Fatal("nothing becomes due")
		panic("unreachable")
	}
}

// empty holds where nothing waits any more and nothing is due.
func (l *line) empty(tb testing.TB) {
	tb.Helper()
	testbed.Eventually(tb, "the delay line is empty", func() bool {
		return l.count(tb, bus.StreamDelays) == 0 && l.count(tb, bus.StreamDeliveries) == 0
	})
	if n := len(l.due); n > 0 {
		tb.Errorf("%d became due too often", n)
	}
}

func (l *line) count(tb testing.TB, stream string) int {
	tb.Helper()
	s, err := l.bus.JS.Stream(tb.Context(), stream)
	if err != nil {
		return -1
	}
	return int(s.CachedInfo().State.Msgs)
}

func name(prefix string, i int) string { return fmt.Sprintf("%s%04d", prefix, i) }
