package testbed

import (
	"log/slog"
	"testing"

	"github.com/posthaste/posthaste/services/internal/embedded"
)

// RedisURL starts an empty Redis that stops when the test ends, and returns
// its URL.
func RedisURL(tb testing.TB) string {
	tb.Helper()
	r, err := embedded.StartRedis(tb.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := r.Close(); err != nil {
			tb.Error(err)
		}
	})
	return r.URL()
}
