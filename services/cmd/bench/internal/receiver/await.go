package receiver

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ErrMissing is that not all came.
var ErrMissing = errors.New("not all deliveries arrived")

// Await waits until count has come to n. It gives up, with ErrMissing, when
// nothing has come for as long as patience. count must be cheap.
func Await(ctx context.Context, n int, patience time.Duration, count func() int) error {
	seen, since := -1, time.Now()
	ticker := time.NewTicker(2 * time.Millisecond)
	defer ticker.Stop()
	for {
		now := count()
		switch {
		case now >= n:
			return nil
		case now != seen:
			seen, since = now, time.Now()
		case time.Since(since) > patience:
			return fmt.Errorf("%w: %d of %d, and none for %s", ErrMissing, now, n, patience)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %d of %d: %w", ErrMissing, now, n, context.Cause(ctx))
		case <-ticker.C:
		}
	}
}
