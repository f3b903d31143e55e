package main

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"
)

// result is what one measurement found.
type result struct {
	deliveries int
	took       time.Duration
	p50, p99   time.Duration
	usage      usage
}

func (r result) perSecond() float64 { return float64(r.deliveries) / r.took.Seconds() }

// with is both results together.
func (r result) with(other result) result {
	return result{
		deliveries: r.deliveries + other.deliveries, took: r.took + other.took,
		usage: usage{cpu: r.usage.cpu + other.usage.cpu},
	}
}

// measureThroughput floods a fresh stack and waits for the last delivery.
func measureThroughput(ctx context.Context, o options, binary string, r *receiver, fanout, batch int) (result, error) {
	s, err := startStack(ctx, o, binary)
	if err != nil {
		return result{}, err
	}
	defer s.close()
	p := newProducer(s.addr, o)
	if err := p.subscribe(ctx, r, fanout); err != nil {
		return result{}, err
	}
	// Two short floods warm up and say how many events fill the time.
	events := max(batch, 1000/fanout)
	for range 2 {
		warm, err := flood(ctx, o, s, p, r, fanout, batch, events)
		if err != nil {
			return result{}, err
		}
		events = max(batch, int(warm.perSecond())/fanout)
	}
	events = max(batch, int(float64(events)*o.seconds))
	if err := pause(ctx, settle); err != nil {
		return result{}, err
	}
	return flood(ctx, o, s, p, r, fanout, batch, events)
}

func flood(ctx context.Context, o options, s *stack, p *producer, r *receiver, fanout, batch, events int) (result, error) {
	r.reset(events * fanout)
	group, ctx := errgroup.WithContext(ctx)
	if o.profile != "" && events*fanout > 5000 {
		group.Go(func() error { return s.profile(ctx, o.profile, max(1, int(o.seconds)-1)) })
	}
	before, begin := s.usage(), time.Now()
	group.Go(func() error { return p.flood(ctx, events, batch, o.clients) })
	if err := group.Wait(); err != nil {
		return result{}, err
	}
	if err := r.await(context.WithoutCancel(ctx), events*fanout); err != nil {
		return result{}, err
	}
	res := result{deliveries: events * fanout, took: time.Unix(0, r.last.Load()).Sub(begin), usage: s.usage().since(before)}
	res.p50, res.p99 = r.quantiles()
	return res, nil
}

// measureLatency sends events one by one at a steady rate.
func measureLatency(ctx context.Context, o options, binary string, r *receiver) (result, error) {
	s, err := startStack(ctx, o, binary)
	if err != nil {
		return result{}, err
	}
	defer s.close()
	p := newProducer(s.addr, o)
	if err := p.subscribe(ctx, r, 1); err != nil {
		return result{}, err
	}
	if _, err := flood(ctx, o, s, p, r, 1, 1, 200); err != nil {
		return result{}, err
	}
	if err := pause(ctx, settle); err != nil {
		return result{}, err
	}
	events := int(float64(o.rate) * o.seconds)
	r.reset(events)
	before, begin := s.usage(), time.Now()
	if err := p.pace(ctx, events, o.rate); err != nil {
		return result{}, err
	}
	if err := r.await(ctx, events); err != nil {
		return result{}, err
	}
	res := result{deliveries: events, took: time.Since(begin), usage: s.usage().since(before)}
	res.p50, res.p99 = r.quantiles()
	return res, nil
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
