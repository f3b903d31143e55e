package bus

import (
	"time"

	"github.com/cenkalti/backoff/v4"
)

// BackOff is how whatever needs JetStream waits between its tries: the first
// time for about first, longer each time, 2 s at the most, and without an end.
// Its user's context ends it.
func BackOff(first time.Duration) *backoff.ExponentialBackOff {
	return backoff.NewExponentialBackOff(backoff.WithInitialInterval(first),
		backoff.WithMaxInterval(2*time.Second), backoff.WithMaxElapsedTime(0))
}

// FirstWait is the first of the waits for a connection, a consumer or a watch.
const FirstWait = 50 * time.Millisecond
