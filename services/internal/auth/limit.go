package auth

import (
	"math"
	"net/http"
	"strconv"
	"time"

	"golang.org/x/time/rate"

	"github.com/posthaste/posthaste/services/internal/problem"
)

// The most that a rate may be.
const (
	MaxRate  = 1_000_000 // requests a second
	MaxBurst = 1_000_000
)

// Headers of draft-ietf-httpapi-ratelimit-headers-06, the last one with names
// that clients know.
const (
	headerLimit     = "RateLimit-Limit"
	headerRemaining = "RateLimit-Remaining"
	headerReset     = "RateLimit-Reset" // seconds
)

// limit is a token bucket, of this process alone: a request to a shared one
// would cost each request more than it takes to serve, and Redis may be away.
type limit struct {
	bucket *rate.Limiter
	burst  int
	shown  string // burst
}

// newLimit returns nil where there is no limit.
func newLimit(perSecond float64, burst int) *limit {
	if perSecond == 0 {
		return nil
	}
	return &limit{bucket: rate.NewLimiter(rate.Limit(perSecond), burst), burst: burst, shown: strconv.Itoa(burst)}
}

// Admit counts a request against the key's rate and says in h how much is left.
// The error is a 429.
func (p Principal) Admit(h http.Header, now time.Time) error {
	if p.use == nil || p.use.limit == nil {
		return nil
	}
	l := p.use.limit
	ok := l.bucket.AllowN(now, 1)
	tokens := l.bucket.TokensAt(now)
	l.tell(h, tokens)
	if ok {
		return nil
	}
	return &problem.Error{
		Status: http.StatusTooManyRequests, Code: problem.CodeRateLimited, RetryAfter: l.until(1, tokens),
		Message: "The key sends more requests than its rate allows (POSTHASTE_API_KEY_RATE, or the key's own).",
		Details: map[string]any{"requestsPerSecond": float64(l.bucket.Limit()), "burst": l.burst},
	}
}

// tell sets the headers. Their values share one array, and their names are
// written as the draft does: canonical ones would be looked up anew each time.
func (l *limit) tell(h http.Header, tokens float64) {
	values := []string{
		l.shown,
		strconv.Itoa(max(0, int(tokens))),
		strconv.Itoa(int(math.Ceil(l.until(float64(l.burst), tokens).Seconds()))),
	}
	h[headerLimit], h[headerRemaining], h[headerReset] = values[0:1:1], values[1:2:2], values[2:3:3]
}

// until is how long it takes from so many tokens to as many as are wanted.
func (l *limit) until(want, tokens float64) time.Duration {
	return max(0, time.Duration((want-tokens)/float64(l.bucket.Limit())*float64(time.Second)))
}
