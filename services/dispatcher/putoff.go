package dispatcher

import (
	"context"
	"sync"
	"time"

	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/delay"
)

// putOff is a delivery that is to wait, without an attempt.
type putOff struct {
	job
	at  time.Time
	why Reason
}

// putOffs puts off many at once, beside the lane that they came from: it need
// not wait for their PubAcks.
type putOffs struct {
	places  chan struct{}
	running *sync.WaitGroup
}

// mostPutOffs bounds the batches on their way.
const mostPutOffs = 8

func newPutOffs() putOffs {
	return putOffs{places: make(chan struct{}, mostPutOffs), running: new(sync.WaitGroup)}
}

func (p putOffs) all(ctx context.Context, s *Service, jobs []putOff) {
	if len(jobs) == 0 {
		return
	}
	p.places <- struct{}{}
	p.running.Go(func() {
		defer func() { <-p.places }()
		s.putOffAll(ctx, jobs)
	})
}

func (p putOffs) wait() { p.running.Wait() }

// putOff makes the delivery wait without an attempt.
func (s *Service) putOff(ctx context.Context, j job, at time.Time, why Reason) {
	s.putOffAll(ctx, []putOff{{j, at, why}})
}

// putOffAll makes the deliveries wait, and acks them when JetStream has what
// follows.
func (s *Service) putOffAll(ctx context.Context, jobs []putOff) {
	msgs := make([]bus.Msg, 0, len(jobs))
	sent := jobs[:0]
	now := s.now()
	for _, p := range jobs {
		s.metrics.deferred(ctx, p.why)
		p.Deferrals++
		later, err := delay.Later(p.Delivery, p.at, string(p.why), now)
		if err != nil {
			s.Log.ErrorContext(ctx, "put delivery off", "delivery", p.GetId(), "error", err)
			s.putBackLater(p.job)
			continue
		}
		later.Header = bus.TraceContext(p.msg.Headers())
		sent, msgs = append(sent, p), append(msgs, later)
	}
	if err := s.publisher.Publish(ctx, msgs); err != nil {
		if ctx.Err() == nil {
			s.Log.ErrorContext(ctx, "deliveries not put off; they come again", "count", len(sent), "error", err)
		}
		for _, p := range sent {
			s.putBackLater(p.job)
		}
		return
	}
	for _, p := range sent {
		s.done(p.job)
	}
}
