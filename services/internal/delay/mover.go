package delay

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/delivery"
)

// Mover moves what is due out of the tiers. Any number of movers share the
// work.
type Mover struct {
	bus       *bus.Bus
	publisher *bus.Publisher
	log       *slog.Logger
	now       func() time.Time
	// ackWait is how long a mover that fell silent holds up the head of a tier.
	ackWait time.Duration
}

// NewMover makes a mover; Run starts it.
func NewMover(b *bus.Bus, publisher *bus.Publisher, log *slog.Logger) *Mover {
	return &Mover{bus: b, publisher: publisher, log: log, now: time.Now, ackWait: moverAckWait}
}

const moverAckWait = 10 * time.Second

// provision makes the tiers' consumers and goes on trying while JetStream is
// away. The error is one that waiting does not change.
func (m *Mover) provision(ctx context.Context) error {
	policy := bus.BackOff(bus.FirstWait)
	return backoff.RetryNotify(func() error {
		err := m.ensure(ctx)
		if bus.Refused(err) {
			return backoff.Permanent(err)
		}
		return err
	}, backoff.WithContext(policy, ctx), func(err error, next time.Duration) {
		m.log.Warn("delay line is not ready", "error", err, "retry_in", next.Round(time.Millisecond))
	})
}

func (m *Mover) ensure(ctx context.Context) error {
	for _, t := range Tiers {
		err := m.bus.EnsureConsumer(ctx, bus.Consumer{
			Stream: bus.StreamDelays, Name: t.Name, Filter: bus.DelaySubject(t.Name, "*", "*"),
			MaxAckPending: t.window, AckWait: m.ackWait,
		})
		if err != nil {
			return fmt.Errorf("provision delay line: %w", err)
		}
	}
	return nil
}

// Run moves until ctx ends and gives back what it has not moved.
func (m *Mover) Run(ctx context.Context) error {
	if err := m.provision(ctx); err != nil {
		if ctx.Err() != nil {
			return nil //nolint:nilerr // the end of ctx is how this ends
		}
		return err
	}
	var group errgroup.Group
	for _, t := range Tiers {
		due := make(chan held, t.window)
		group.Go(func() error {
			defer close(due)
			opts := bus.ConsumeOptions{Prefetch: min(t.window, maxBatch), PrefetchBytes: m.prefetchBytes()}
			return m.bus.Consume(ctx, bus.StreamDelays, t.Name, opts, func(msg jetstream.Msg) {
				m.sort(ctx, t, msg, due)
			})
		})
		group.Go(func() error {
			m.move(ctx, due)
			return nil
		})
	}
	return group.Wait()
}

// prefetchBytes bounds what a mover holds of one tier. A message that did not
// fit would stop the tier.
func (m *Mover) prefetchBytes() int { return max(8<<20, int(2*m.bus.MaxPayload())) }

// early is how much before its time a message counts as due: less than what
// one more round through the server would add.
const early = time.Millisecond

// held is a message that was taken out of its tier, and when it is due.
type held struct {
	jetstream.Msg
	at time.Time
}

// sort passes on what is due, and what will be soon where the mover keeps that;
// else it holds it back. The due time is worked out each time: a server that was
// killed may hand a held message out early.
func (m *Mover) sort(ctx context.Context, t Tier, msg jetstream.Msg, due chan<- held) {
	if ctx.Err() != nil {
		m.nak(msg, 0)
		return
	}
	meta, err := msg.Metadata()
	if err != nil {
		m.log.Error("message without metadata in the delay line", "subject", msg.Subject(), "error", err)
		return
	}
	at := meta.Timestamp.Add(t.Wait)
	if wait := at.Sub(m.now()); wait > early && !t.kept {
		m.nak(msg, wait)
		return
	}
	due <- held{msg, at} // has room for the whole window
}

func (m *Mover) nak(msg jetstream.Msg, wait time.Duration) {
	// A lost nak costs an AckWait, and the due time is worked out again.
	if err := msg.NakWithDelay(wait); err != nil {
		m.log.Debug("delayed nak", "subject", msg.Subject(), "error", err)
	}
}

// maxBatch is how many messages move together. More at once would keep NATS
// from what is fresh.
const maxBatch = 128

// move publishes messages when they are due, as many at a time as there are, and
// then acks them.
func (m *Mover) move(ctx context.Context, due <-chan held) {
	batch := make([]jetstream.Msg, 0, maxBatch)
	msgs := make([]bus.Msg, 0, maxBatch)
	var next held
	for known := false; ; {
		if !known {
			var open bool
			if next, open = <-due; !open {
				return
			}
		}
		if known = false; !m.await(ctx, next.at) {
			m.nak(next.Msg, 0) // it stops
			continue
		}
		batch, next, known = m.gather(append(batch[:0], next.Msg), due)
		m.moveAll(ctx, batch, msgs[:0])
	}
}

// await returns when it is time, or false when ctx ends before.
func (m *Mover) await(ctx context.Context, at time.Time) bool {
	wait := at.Sub(m.now())
	if wait <= early {
		return true
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// gather adds what else has come and is due by now. It returns the first that is
// not yet, if it came to one: all of a tier wait equally long.
func (m *Mover) gather(batch []jetstream.Msg, due <-chan held) (_ []jetstream.Msg, next held, known bool) {
	now := m.now()
	for len(batch) < maxBatch {
		select {
		case next, open := <-due:
			if !open || next.at.Sub(now) > early {
				return batch, next, open
			}
			batch = append(batch, next.Msg)
		default:
			return batch, held{}, false
		}
	}
	return batch, held{}, false
}

// moveAll publishes what goes on and acks it. msgs is room for that.
func (m *Mover) moveAll(ctx context.Context, batch []jetstream.Msg, msgs []bus.Msg) {
	moving := batch[:0]
	for _, msg := range batch {
		out, err := m.forward(msg)
		if err != nil {
			m.drop(msg, err)
			continue
		}
		moving = append(moving, msg)
		msgs = append(msgs, out)
	}
	if err := m.publisher.Publish(ctx, msgs); err != nil {
		m.log.Warn("due deliveries not moved; they come up again", "count", len(msgs), "error", err)
		for _, msg := range moving {
			m.nak(msg, 0)
		}
		return
	}
	for _, msg := range moving {
		if err := msg.Ack(); err != nil {
			m.log.Debug("ack moved delivery", "error", err)
		}
	}
}

// forward makes the message that goes on: to the next tier where some of the
// wait is left, else to the lane due. Its id holds the place that it leaves,
// so that moving it twice moves it once.
func (m *Mover) forward(msg jetstream.Msg) (bus.Msg, error) {
	d, err := delivery.Decode(msg.Data())
	if err != nil {
		return bus.Msg{}, err
	}
	meta, err := msg.Metadata()
	if err != nil {
		return bus.Msg{}, fmt.Errorf("delivery %s: %w", d.GetId(), err)
	}
	return bus.Msg{
		Subject: subject(d, d.GetNotBefore().AsTime().Sub(m.now())),
		ID:      d.GetId() + ":moved:" + strconv.FormatUint(meta.Sequence.Stream, 10),
		Data:    msg.Data(),
		Header:  bus.TraceContext(msg.Headers()),
	}, nil
}

// drop takes a message out that no version of ours can have written.
func (m *Mover) drop(msg jetstream.Msg, err error) {
	m.log.Error("unreadable message in the delay line", "subject", msg.Subject(), "error", err)
	if err := msg.TermWithReason("unreadable"); err != nil {
		m.log.Debug("terminate message", "error", err)
	}
}
