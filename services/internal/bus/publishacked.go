package bus

import (
	"context"
	"slices"
	"time"

	"github.com/cenkalti/backoff/v4"
)

// PublishAcked is Publish, and tells of each message whether the stream took it
// from this call: acks has the length of msgs, or is nil. A duplicate that was
// sent by an earlier try of the call, whose ack was lost, counts as taken from it.
func (p *Publisher) PublishAcked(ctx context.Context, msgs []Msg, acks []Ack) error {
	done, err := p.publish(ctx, msgs, acks)
	if err == nil || permanent(err) {
		return err
	}
	msgs, acks = msgs[done:], acks[min(done, len(acks)):]
	return backoff.Retry(func() error {
		before := slices.Clone(acks)
		done, err := p.publish(ctx, msgs, acks)
		for i, known := range before {
			acks[i].Duplicate = acks[i].Duplicate && known.Duplicate
		}
		msgs, acks = msgs[done:], acks[min(done, len(acks)):]
		if permanent(err) {
			return backoff.Permanent(err)
		}
		return err
	}, backoff.WithContext(BackOff(firstRetry), ctx))
}

// firstRetry is about how long a failed publish waits before it is repeated.
const firstRetry = 20 * time.Millisecond

// Taken counts the acks of messages that the stream had not had before.
func Taken(acks []Ack) int {
	n := 0
	for _, a := range acks {
		if !a.Duplicate {
			n++
		}
	}
	return n
}
