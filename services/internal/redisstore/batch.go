package redisstore

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// maxBatch is how many successes one pipeline carries at the most.
const maxBatch = 256

// success is a delivery to remember; done is closed when it has been written
// or Redis would not have it.
type success struct {
	dedupKey, subscriptionID string
	done                     chan struct{}
}

// Succeeded remembers that the delivery was delivered, forgets the
// subscription's failures, and returns when Redis has it, is away, or has
// been given its time. Calls that come together share a round trip.
func (s *Store) Succeeded(ctx context.Context, dedupKey, subscriptionID string) {
	if s.Away() {
		s.probe() // it outlives who set it off; Close ends it
		return
	}
	op := &success{dedupKey: dedupKey, subscriptionID: subscriptionID, done: make(chan struct{})}
	// Behind a Redis that hangs there may be several batches in line.
	patience := time.NewTimer(s.cfg.RedisTimeout)
	defer patience.Stop()
	select {
	case s.batch <- op:
	case <-patience.C:
		return
	case <-ctx.Done():
		return
	}
	select {
	case <-op.done:
	case <-patience.C:
	case <-ctx.Done():
	}
}

// Run writes what Succeeded is given until ctx ends, then what is left.
func (s *Store) Run(ctx context.Context) error {
	ops := make([]*success, 0, maxBatch)
	for {
		select {
		case <-ctx.Done():
			for ops = s.gather(ops[:0]); len(ops) > 0; ops = s.gather(ops[:0]) {
				s.flush(context.WithoutCancel(ctx), ops)
			}
			return nil
		case op := <-s.batch:
			// A stop is no reason to forget what has been delivered.
			s.flush(context.WithoutCancel(ctx), s.gather(append(ops[:0], op)))
		}
	}
}

// gather takes what else is waiting, without waiting for more.
func (s *Store) gather(ops []*success) []*success {
	for len(ops) < maxBatch {
		select {
		case op := <-s.batch:
			ops = append(ops, op)
		default:
			return ops
		}
	}
	return ops
}

func (s *Store) flush(ctx context.Context, ops []*success) {
	if len(ops) == 0 {
		return
	}
	err := s.do(ctx, func(ctx context.Context) error {
		_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
			for _, op := range ops {
				p.Set(ctx, deliveredPrefix+op.dedupKey, "", s.cfg.DedupTTL)
			}
			for _, id := range subscriptions(ops) {
				p.Del(ctx, failedPrefix+id)
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("remember deliveries: %w", err)
		}
		return nil
	})
	if err != nil {
		s.log.Debug("deliveries not remembered", "count", len(ops), "error", err)
	}
	for _, op := range ops {
		close(op.done)
	}
}

// subscriptions names each subscription once.
func subscriptions(ops []*success) []string {
	ids := make([]string, 0, 8)
	seen := make(map[string]struct{}, 8)
	for _, op := range ops {
		if _, ok := seen[op.subscriptionID]; !ok {
			seen[op.subscriptionID] = struct{}{}
			ids = append(ids, op.subscriptionID)
		}
	}
	return ids
}
