package dispatcher

import (
	"context"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/delivery"
	"github.com/posthaste/posthaste/services/internal/workers"
)

// lane takes the deliveries of one lane. Each lane has places of its own, so
// neither can take the other's.
type lane struct {
	*Service
	name     bus.Lane
	places   int // deliveries under way at once
	ahead    int // and fetched ahead
	incoming chan jetstream.Msg
}

// job is a delivery in the hands of this dispatcher.
type job struct {
	*posthastev1.Delivery
	msg jetstream.Msg
	// keep ends the word to JetStream that the job is still being worked on.
	keep func()
	// again says that the delivery was delivered before.
	again bool
	// sequence is the message's place in DELIVERIES.
	sequence uint64
	taken    time.Time
}

// maxBatch is how many deliveries are looked up in Redis together.
const maxBatch = 128

func (s *Service) newLane(name bus.Lane, places int) *lane {
	// What waits here longer than AckWait is handed out a second time. So a
	// lane holds no more ahead than it gets through in a few timeouts.
	return &lane{
		Service: s, name: name, places: places,
		ahead:    min(s.cfg.Prefetch, places),
		incoming: make(chan jetstream.Msg, min(maxBatch, places)),
	}
}

// run consumes until ctx ends and then waits for what is under way, which ends
// with work at the latest.
func (l *lane) run(ctx, work context.Context) error {
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
	return err
}

// start takes what has come, as much at a time as there is, and starts each
// delivery as soon as it has a place.
func (l *lane) start(ctx, work context.Context) {
	pool := workers.New(l.places, func(j job) { l.deliver(work, j) })
	defer pool.Close()
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
		for _, j := range batch {
			if ctx.Err() != nil || !pool.Hand(ctx, j) {
				l.putBack(j)
			}
		}
		clear(batch)
	}
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
	return append(batch, job{
		Delivery: d, msg: msg, keep: bus.KeepAlive(msg, l.Bus.AckWait()),
		sequence: meta.Sequence.Stream, taken: l.now(),
	})
}

// lookUp asks Redis once which of the batch were delivered before.
func (l *lane) lookUp(ctx context.Context, batch []job) {
	if len(batch) == 0 {
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

// lateAgain asks once more for a job that waited long for its place: it may have
// been handed to another dispatcher before this one took it.
func (s *Service) lateAgain(ctx context.Context, j job, now time.Time) bool {
	return now.Sub(j.taken) > s.Bus.AckWait()/2 && s.Redis.Delivered(ctx, []string{delivery.DedupKey(j.Delivery)})[0]
}

// let ends this dispatcher's hold on the job, before anybody else is told.
func (s *Service) let(j job) {
	j.keep()
	s.hands.release(j.sequence)
}

// done acks the delivery. A lost ack brings it again, and its dedup key stops
// it.
func (s *Service) done(j job) {
	s.let(j)
	if err := j.msg.Ack(); err != nil {
		s.Log.Debug("ack delivery", "delivery", j.GetId(), "error", err)
	}
}

// putBack gives a job to another dispatcher, at once.
func (s *Service) putBack(j job) {
	s.let(j)
	s.giveBack(j.msg)
}

// pause keeps what cannot be worked on now from turning in circles.
const pause = time.Second

// putBackLater gives a job back that fails for a reason of ours.
func (s *Service) putBackLater(j job) {
	s.let(j)
	if err := j.msg.NakWithDelay(pause); err != nil {
		s.Log.Debug("give delivery back", "delivery", j.GetId(), "error", err)
	}
}

func (s *Service) giveBack(msg jetstream.Msg) {
	if err := msg.Nak(); err != nil {
		s.Log.Debug("give delivery back", "subject", msg.Subject(), "error", err)
	}
}
