// Package redisstore keeps what dispatchers share in Redis: which deliveries
// were delivered, how many in a row have failed, and what rates leave. Redis is disposable
// here. Losing it may cost a duplicate or reset a counter, never a delivery,
// and while it is away its answers are "no" and "unknown" at once.
package redisstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/go-redis/redis_rate/v10"
	"github.com/redis/go-redis/v9"
)

const (
	deliveredPrefix = "posthaste:delivered:"
	failedPrefix    = "posthaste:failed:"
)

// ErrAway says that Redis was not asked, because it has not been answering.
var ErrAway = errors.New("redis is away")

// Store is safe for concurrent use.
type Store struct {
	rdb     *redis.Client
	rates   *redis_rate.Limiter
	cfg     Config
	log     *slog.Logger
	circuit circuit
	batch   chan *success

	life context.Context // ends with Close; for probes alone
	end  context.CancelFunc
}

// New makes a store. It does not connect: Redis may come later. Run must run
// for Succeeded to work.
func New(cfg Config, log *slog.Logger) (*Store, error) {
	opts, err := cfg.options()
	if err != nil {
		return nil, err
	}
	s := &Store{rdb: redis.NewClient(opts), cfg: cfg, log: log, batch: make(chan *success, maxBatch)}
	s.rates = redis_rate.NewLimiter(s.rdb)
	s.life, s.end = context.WithCancel(context.Background())
	return s, nil
}

// Away says whether Redis is being left alone at the moment.
func (s *Store) Away() bool { return s.circuit.isOpen.Load() }

// Close closes the connections.
func (s *Store) Close() error {
	s.end()
	s.circuit.close()
	if err := s.rdb.Close(); err != nil {
		return fmt.Errorf("close Redis: %w", err)
	}
	return nil
}

// do runs one round trip, or none while the circuit is open.
func (s *Store) do(ctx context.Context, trip func(context.Context) error) error {
	if s.Away() {
		s.probe() // it outlives who set it off; Close ends it
		return ErrAway
	}
	timed, cancel := context.WithTimeout(ctx, s.cfg.RedisTimeout)
	defer cancel()
	err := trip(timed)
	switch {
	case err == nil:
		s.circuit.succeeded()
	case ctx.Err() != nil:
		// The caller hung up. That is nothing against Redis: else a stop
		// would open the circuit for what is still being delivered.
	case s.circuit.failed(time.Now()):
		s.log.Warn("Redis does not answer; deliveries go on without it", "redis", s.cfg.RedisURL, "error", err)
	}
	return err
}

// probe asks Redis for a sign of life, beside the caller and seldom.
func (s *Store) probe() {
	if !s.circuit.beginProbe(time.Now()) {
		return
	}
	go func() { // Close waits for it
		ctx, cancel := context.WithTimeout(s.life, s.cfg.RedisTimeout)
		defer cancel()
		err := s.rdb.Ping(ctx).Err()
		s.circuit.endProbe(err == nil, time.Now())
		if err == nil {
			s.log.Info("Redis answers again", "redis", s.cfg.RedisURL)
		}
	}()
}

// Delivered says which of the dedup keys belong to deliveries that were
// delivered. One round trip for all; all false while Redis is away.
func (s *Store) Delivered(ctx context.Context, keys []string) []bool {
	found := make([]bool, len(keys))
	err := s.do(ctx, func(ctx context.Context) error {
		answers := make([]*redis.IntCmd, len(keys))
		_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
			for i, key := range keys {
				answers[i] = p.Exists(ctx, deliveredPrefix+key)
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("look up deliveries: %w", err)
		}
		for i, answer := range answers {
			found[i] = answer.Val() == 1
		}
		return nil
	})
	if err != nil {
		s.log.Debug("dedup keys not checked", "error", err)
	}
	return found
}

// Failed counts a failed delivery of the subscription and returns how many
// have failed since the last success. Counting the same delivery again changes
// nothing. ok is false while Redis is away.
func (s *Store) Failed(ctx context.Context, deliveryID, subscriptionID string) (count int, ok bool) {
	key := failedPrefix + subscriptionID
	err := s.do(ctx, func(ctx context.Context) error {
		var card *redis.IntCmd
		_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
			p.SAdd(ctx, key, deliveryID)
			card = p.SCard(ctx, key)
			p.Expire(ctx, key, s.cfg.FailureTTL)
			return nil
		})
		if err != nil {
			return fmt.Errorf("count failure: %w", err)
		}
		count = int(card.Val())
		return s.trim(ctx, key, count)
	})
	if err != nil {
		s.log.Debug("failure not counted", "subscription", subscriptionID, "error", err)
	}
	return count, err == nil
}

// maxCounted bounds what is kept of a subscription that fails for ever and is
// never disabled.
const maxCounted = 1000

// trim drops what is over the bound; which ones does not matter any more.
func (s *Store) trim(ctx context.Context, key string, count int) error {
	if count <= maxCounted {
		return nil
	}
	if err := s.rdb.SPopN(ctx, key, int64(count-maxCounted)).Err(); err != nil {
		return fmt.Errorf("bound failures: %w", err)
	}
	return nil
}

// Failures returns for each subscription how many deliveries have failed since
// the last success. The error is ErrAway while Redis is away.
func (s *Store) Failures(ctx context.Context, subscriptionIDs []string) ([]int, error) {
	counts := make([]int, len(subscriptionIDs))
	err := s.do(ctx, func(ctx context.Context) error {
		cards := make([]*redis.IntCmd, len(subscriptionIDs))
		_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
			for i, id := range subscriptionIDs {
				cards[i] = p.SCard(ctx, failedPrefix+id)
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("read failure counts: %w", err)
		}
		for i, card := range cards {
			counts[i] = int(card.Val())
		}
		return nil
	})
	return counts, err
}

// ResetFailures forgets the subscription's failures, as when it is enabled.
func (s *Store) ResetFailures(ctx context.Context, subscriptionID string) error {
	return s.do(ctx, func(ctx context.Context) error {
		if err := s.rdb.Del(ctx, failedPrefix+subscriptionID).Err(); err != nil {
			return fmt.Errorf("reset failures: %w", err)
		}
		return nil
	})
}
