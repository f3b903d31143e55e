package scenario

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/types/known/timestamppb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/cmd/bench/internal/load"
	"github.com/posthaste/posthaste/services/cmd/bench/internal/receiver"
	"github.com/posthaste/posthaste/services/cmd/bench/internal/report"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/delay"
	"github.com/posthaste/posthaste/services/internal/delivery"
)

// fill writes what waits, as a dispatcher does after a failed attempt, and
// returns how long that took.
func (s *sleepers) fill(ctx context.Context) (time.Duration, error) {
	s.w.say("%s: %d deliveries into the delay line, to wait %s", s.name, s.w.Waiting, s.wait)
	b, err := s.bus(ctx)
	if err != nil {
		return 0, err
	}
	defer b.Close()
	publisher := b.NewPublisher(4096, 64<<20)
	begin := time.Now()
	s.due = begin.Add(s.wait)
	err = load.InParts(ctx, s.w.Waiting, 512, 4, func(ctx context.Context, n int) error {
		msgs := make([]bus.Msg, n)
		for i := range msgs {
			if msgs[i], err = s.sleeper(time.Now()); err != nil {
				return err
			}
		}
		return publisher.Publish(ctx, msgs)
	})
	return time.Since(begin), err
}

// sleeper is the next delivery that waits. Its event was made when it is due,
// so that its age at the endpoint is by how much it comes late.
func (s *sleepers) sleeper(now time.Time) (bus.Msg, error) {
	at := now.Add(s.wait)
	data, number := s.source.Data(at)
	event := &posthastev1.Event{
		Id: fmt.Sprintf("waiting-%d", number), Tenant: s.source.Tenant, Type: s.source.Type, Time: timestamppb.New(now), Data: data,
	}
	id := s.ids[int(number)%len(s.ids)]
	return delay.Later(&posthastev1.Delivery{
		Id: delivery.ID(event, id), SubscriptionId: id, Event: event, Attempt: 2, CreatedAt: timestamppb.New(now),
	}, at, "server_error", now)
}

// laneWatch notes when deliveries of a tenant are published to the lane due.
type laneWatch struct {
	conn *nats.Conn

	mu       sync.Mutex
	arrivals receiver.Arrivals
}

// watchLane listens beside the consumer. It takes nothing away.
func watchLane(url, tenant string, room int) (*laneWatch, error) {
	conn, err := nats.Connect(url, nats.MaxReconnects(-1), nats.ReconnectWait(100*time.Millisecond))
	if err != nil {
		return nil, fmt.Errorf("watch the lane due: %w", err)
	}
	w := &laneWatch{conn: conn, arrivals: make(receiver.Arrivals, 0, room)}
	sub, err := conn.Subscribe(bus.DeliverySubject(bus.LaneDue, tenant, "*"), w.take)
	if err == nil {
		err = sub.SetPendingLimits(-1, -1)
	}
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("watch the lane due: %w", err)
	}
	return w, nil
}

func (w *laneWatch) take(m *nats.Msg) {
	at := time.Now()
	if due, number, ok := load.Read(m.Data); ok {
		w.mu.Lock()
		w.arrivals = append(w.arrivals, receiver.Arrival{Number: number, At: at, Age: at.Sub(due)})
		w.mu.Unlock()
	}
}

// result ends the watch. It returns how late each came for the first time, and
// at what rate since the first was due. A watch that is nil has seen nothing.
func (w *laneWatch) result(due time.Time) (report.Times, report.Figure) {
	if w == nil {
		return nil, report.None(report.Rate)
	}
	w.conn.Close()
	w.mu.Lock()
	defer w.mu.Unlock()
	first := w.arrivals.First()
	return first.Ages(), report.Per(len(first), first.Last().Sub(due))
}
