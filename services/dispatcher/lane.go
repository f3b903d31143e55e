package dispatcher

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/delivery"
	"github.com/posthaste/posthaste/services/internal/workers"
)

// lane takes the deliveries of one lane. Each lane has places of its own, so
// none can take another's.
type lane struct {
	*Service
	name     bus.Lane
	places   int // deliveries under way at once
	ahead    int // and fetched ahead
	incoming chan jetstream.Msg
	pool     *workers.Pool[job]
	// doubtful counts the places that are held by endpoints which are slow,
	// failing or unknown.
	doubtful atomic.Int64
	putOffs  putOffs
	// yield makes way for what is fresh; nil in the lane fresh.
	yield *yield
}

// job is a delivery in the hands of this dispatcher.
type job struct {
	*posthastev1.Delivery
	msg  jetstream.Msg
	held *bus.Held
	lane *lane
	// again says that the delivery was delivered before.
	again bool
	// repeated says that the message was handed out before, and elsewhere that
	// another dispatcher may be working on it at this moment.
	repeated, elsewhere bool
	// sequence is the message's place in DELIVERIES.
	sequence uint64
	stored   time.Time // there
	taken    time.Time
	// target is where it has a place to be sent to; nil where it has none yet.
	target *target
	// doubtful says that it is counted by its lane's doubtful.
	doubtful bool
}

// maxBatch is how many deliveries are looked up in Redis together.
const maxBatch = 128

func (s *Service) newLane(name bus.Lane, places int) *lane {
	// What waits here longer than AckWait is handed out a second time. So a
	// lane holds no more ahead than it gets through in a few timeouts.
	l := &lane{
		Service: s, name: name, places: places,
		ahead:    min(s.cfg.Prefetch, places),
		incoming: make(chan jetstream.Msg, min(maxBatch, places)),
		putOffs:  newPutOffs(),
	}
	if name != bus.LaneFresh {
		l.yield = newYield(places)
	}
	return l
}

// run consumes until ctx ends and then waits for what is under way, which ends
// with work at the latest.
func (l *lane) run(ctx, work context.Context) error {
	l.pool = workers.New(l.places, func(j job) { l.work(work, j) })
	var starter sync.WaitGroup
	starter.Go(func() { l.start(ctx, work) })
	opts := bus.ConsumeOptions{Prefetch: l.ahead, PrefetchBytes: int(l.cfg.PrefetchBytes)}
	err := l.Bus.Consume(ctx, bus.StreamDeliveries, string(l.name), opts, func(msg jetstream.Msg) {
		if ctx.Err() != nil {
			l.giveBack(msg)
			return
		}
		select {
		case l.incoming <- msg:
		case <-ctx.Done():
			l.giveBack(msg)
		}
	})
	close(l.incoming)
	starter.Wait()
	l.pool.Close()
	return err
}

// start takes what has come, as much at a time as there is, and lets each
// delivery go as far as its gate does.
func (l *lane) start(ctx, work context.Context) {
	batch := make([]job, 0, maxBatch)
	for first := range l.incoming {
		batch = l.take(batch[:0], first)
	gather:
		for len(batch) < maxBatch {
			select {
			case next, open := <-l.incoming:
				if !open {
					break gather
				}
				batch = l.take(batch, next)
			default:
				break gather
			}
		}
		l.lookUp(ctx, batch)
		l.admitAll(ctx, work, batch)
		clear(batch)
	}
	l.putOffs.wait()
}

// take adds the message to the batch. One that cannot be read is not ours.
func (l *lane) take(batch []job, msg jetstream.Msg) []job {
	d, err := delivery.Decode(msg.Data())
	if err != nil {
		l.Log.Error("unreadable delivery", "subject", msg.Subject(), "error", err)
		if err := msg.TermWithReason("unreadable"); err != nil {
			l.Log.Debug("terminate delivery", "error", err)
		}
		return batch
	}
	meta, err := msg.Metadata()
	if err != nil {
		l.Log.Error("delivery without metadata", "subject", msg.Subject(), "error", err)
		return batch
	}
	if !l.hands.take(meta.Sequence.Stream) {
		return batch
	}
	if ackBeforePost {
		_ = msg.Ack()
	}
	now := l.now()
	return append(batch, job{
		Delivery: d, msg: msg, held: l.keeper.Hold(msg, now), lane: l, sequence: meta.Sequence.Stream, stored: meta.Timestamp, taken: now,
		repeated: meta.NumDelivered > 1, elsewhere: l.replicated && meta.NumDelivered == 2,
	})
}

// lookUp asks Redis once which of the batch were delivered before.
func (l *lane) lookUp(ctx context.Context, batch []job) {
	if len(batch) == 0 || noDedupKey {
		return
	}
	keys := make([]string, len(batch))
	for i, j := range batch {
		keys[i] = delivery.DedupKey(j.Delivery)
	}
	for i, again := range l.Redis.Delivered(ctx, keys) {
		batch[i].again = again
	}
}

// lateAgain asks once more for a job that waited long for its place, or that was
// handed out before: another dispatcher may have it too. A consumer whose leader
// died hands out what it has just handed out (seen 250 ms later).
func (s *Service) lateAgain(ctx context.Context, j job, now time.Time) bool {
	return !noDedupKey && (j.repeated || now.Sub(j.taken) > s.Bus.AckWait()/2) && s.Redis.Delivered(ctx, []string{delivery.DedupKey(j.Delivery)})[0]
}
