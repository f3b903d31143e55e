package load

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// Flood sends events as fast as they are taken, from that many connections.
func (p *Producer) Flood(ctx context.Context, s *Source, events, batch, clients int) error {
	return InParts(ctx, events, batch, clients, func(ctx context.Context, n int) error { return p.Publish(ctx, s, n) })
}

// InParts has that many workers do the parts of a whole.
func InParts(ctx context.Context, whole, part, workers int, do func(ctx context.Context, n int) error) error {
	var left atomic.Int64
	left.Store(int64(whole))
	group, ctx := errgroup.WithContext(ctx)
	for range workers {
		group.Go(func() error {
			for {
				after := left.Add(-int64(part))
				n := min(part, int(after)+part)
				if n <= 0 {
					return nil
				}
				if err := do(ctx, n); err != nil {
					return err
				}
			}
		})
	}
	return group.Wait()
}

// behind is how many requests may be under way at a steady rate before it
// counts as one that is not kept.
const behind = 20000

var errBehind = fmt.Errorf("%d requests are under way: Posthaste does not answer as fast as they are sent", behind)

// Pace sends events one by one at a steady rate, none waiting for another, by
// turns from the sources. It ends when until does, or when so many were sent,
// where events is not 0; and returns when all are answered. Where it was held
// up it makes up for it, for what would be sent meanwhile is what waits then.
func (p *Producer) Pace(ctx context.Context, until <-chan struct{}, events int, rate float64, sources ...*Source) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(behind)
	timer := time.NewTimer(0)
	defer timer.Stop()
	begin := time.Now()
	for i := 0; events == 0 || i < events; i++ {
		timer.Reset(time.Until(begin.Add(time.Duration(float64(i) / rate * float64(time.Second)))))
		select {
		case <-timer.C:
		case <-until:
			return group.Wait()
		case <-ctx.Done():
			return errors.Join(group.Wait(), ctx.Err())
		}
		if !group.TryGo(func() error { return p.Publish(ctx, sources[i%len(sources)], 1) }) {
			return errors.Join(errBehind, group.Wait())
		}
	}
	return group.Wait()
}
