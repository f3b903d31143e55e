package redisstore

import (
	"testing"
	"time"

	"github.com/posthaste/posthaste/services/internal/testbed"
)

// The rate holds over all who ask, in a real Redis and in the embedded one.
func TestTakeLeave(t *testing.T) {
	t.Parallel()
	for name, url := range map[string]func(*testing.T) string{
		"real":     realURL,
		"embedded": func(t *testing.T) string { t.Helper(); return testbed.RedisURL(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at := url(t)
			stores := []*Store{open(t, at), open(t, at)}
			const every = time.Hour // nothing comes back within this test
			total := 0
			for i := range 10 {
				granted, retry, ok := stores[i%2].TakeLeave(t.Context(), "evsub_1", every, 5, 2)
				if !ok {
					t.Fatal("Redis is away")
				}
				total += granted
				if granted == 0 && (retry <= 0 || retry > every) {
					t.Errorf("ask again after %s", retry)
				}
			}
			if total != 5 {
				t.Errorf("%d have leave, want the 5 that may go at once", total)
			}
			if granted, _, _ := stores[0].TakeLeave(t.Context(), "evsub_2", every, 5, 2); granted != 2 {
				t.Errorf("%d of another subscription have leave, want 2", granted)
			}
		})
	}
}
