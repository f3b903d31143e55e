package notify

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	firstPause = time.Second
	maxPause   = 5 * time.Minute
	// readTimeout bounds the look at the subscription.
	readTimeout = 5 * time.Second
	// looks is how often an event without a disabled subscription is looked at.
	looks = 3
)

// pause is how long a message waits for its next try, after the tried-th.
func pause(tried uint64) time.Duration {
	wait := firstPause
	for range tried - 1 {
		if wait *= 3; wait >= maxPause {
			return maxPause
		}
	}
	return wait
}

// handle tells of one event and settles it. ctx ends when sends are to be
// given up.
func (n *Notifier) handle(ctx context.Context, msg jetstream.Msg) {
	meta, err := msg.Metadata()
	if err != nil {
		n.log.Error("message without metadata in EVENTS", "subject", msg.Subject(), "error", err)
		return
	}
	reading, cancel := context.WithTimeout(ctx, readTimeout)
	told, err := n.read(reading, msg, meta)
	cancel()
	switch {
	case errors.Is(err, errUnreadable), errors.Is(err, errUnfounded) && meta.NumDelivered >= looks:
		n.log.Warn("operator not told of event", "subject", msg.Subject(), "sequence", meta.Sequence.Stream, "error", err)
		n.ack(msg)
	case err != nil:
		n.log.Debug("subscription not read; trying again", "subject", msg.Subject(), "error", err)
		n.nak(msg, n.pause(meta.NumDelivered))
	default:
		n.settle(ctx, msg, meta.NumDelivered, told, n.tell(ctx, told))
	}
}

// tell sends to every receiver that has not taken the notice, to all at once,
// and returns those that failed with the reason.
func (n *Notifier) tell(ctx context.Context, told *notice) map[*receiver]error {
	ctx, cancel := context.WithTimeout(ctx, n.cfg.Timeout)
	defer cancel()
	var (
		mu     sync.Mutex
		failed = map[*receiver]error{}
		group  sync.WaitGroup
	)
	for _, r := range n.receivers {
		if n.memory.has(told.key(), r) {
			continue
		}
		group.Go(func() {
			if err := r.send(ctx, told.message(), func() { n.took(ctx, told, r) }); err != nil {
				mu.Lock()
				defer mu.Unlock()
				failed[r] = err
			}
		})
	}
	group.Wait()
	return failed
}

// took notes that r has taken the notice. It may come late.
func (n *Notifier) took(ctx context.Context, told *notice, r *receiver) {
	n.memory.took(told.key(), r, time.Now())
	n.metrics.send(ctx)
	n.log.InfoContext(ctx, "operator told of disabled subscription", "receiver", r.name, "subscription", told.id, "tenant", told.tenant)
}

// settle ends with the message, or has it come again.
func (n *Notifier) settle(ctx context.Context, msg jetstream.Msg, tried uint64, told *notice, failed map[*receiver]error) {
	if len(failed) == 0 {
		n.ack(msg)
		return
	}
	// A try that was cut short is none.
	final := tried >= uint64(n.cfg.Attempts) && ctx.Err() == nil
	for r, err := range failed {
		log := n.log.With("receiver", r.name, "subscription", told.id, "tenant", told.tenant, "tries", tried, "error", err)
		if final {
			log.ErrorContext(ctx, "operator not told of disabled subscription")
			n.metrics.fail(ctx)
			continue
		}
		log.WarnContext(ctx, "operator not told yet of disabled subscription", "retry_in", n.pause(tried))
	}
	if final {
		n.ack(msg)
		return
	}
	n.nak(msg, n.pause(tried))
}

func (n *Notifier) ack(msg jetstream.Msg) {
	// Lost: the message comes again and finds that it was told.
	if err := msg.Ack(); err != nil {
		n.log.Debug("ack event", "subject", msg.Subject(), "error", err)
	}
}

func (n *Notifier) nak(msg jetstream.Msg, wait time.Duration) {
	// Lost: it comes again after AckWait.
	if err := msg.NakWithDelay(wait); err != nil {
		n.log.Debug("delayed nak", "subject", msg.Subject(), "error", err)
	}
}
