package redisstore

import (
	"context"
	"fmt"
	"time"

	"github.com/go-redis/redis_rate/v10"
)

const ratePrefix = "posthaste:rate:"

// TakeLeave takes leave for up to n deliveries of a subscription that may have
// one every so often and burst at once. granted is how many may go now; where
// it is none, retry is when there will be leave again. ok is false while Redis
// is away.
func (s *Store) TakeLeave(ctx context.Context, subscriptionID string, every time.Duration, burst, n int) (granted int, retry time.Duration, ok bool) {
	// The library counts whole deliveries in a period. A thousand of them make
	// one every so often exact enough for any interval.
	limit := redis_rate.Limit{Rate: 1000, Period: 1000 * every, Burst: burst}
	err := s.do(ctx, func(ctx context.Context) error {
		res, err := s.rates.AllowAtMost(ctx, ratePrefix+subscriptionID, limit, n)
		if err != nil {
			return fmt.Errorf("take leave: %w", err)
		}
		granted, retry = res.Allowed, res.RetryAfter
		return nil
	})
	if err != nil {
		s.log.Debug("rate not checked", "subscription", subscriptionID, "error", err)
	}
	return granted, retry, err == nil
}
