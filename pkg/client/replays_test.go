package client_test

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/posthaste/posthaste/pkg/client"
)

func TestWait(t *testing.T) {
	t.Parallel()
	for _, end := range []string{client.ReplayDone, client.ReplayFailed, client.ReplayCancelled} {
		t.Run(end, func(t *testing.T) {
			t.Parallel()
			states := []string{`{"data":{"id":"rp_1","status":"running","progress":0.5}}`, `{"data":{"id":"rp_1","status":"` + end + `","progress":1}}`}
			var calls atomic.Int32
			c := serve(t, func(w http.ResponseWriter, r *http.Request) { answer(200, states[calls.Add(1)-1])(w, r) })
			var seen []float64
			r, err := c.Replays.Wait(t.Context(), "rp_1", func(r client.Replay) { seen = append(seen, r.Progress) })
			if err != nil || r.Status != end || !r.Finished() || len(seen) != 2 || seen[0] != 0.5 {
				t.Error(r, err, seen)
			}
		})
	}
}

func TestWaitIsStopped(t *testing.T) {
	t.Parallel()
	c := serve(t, answer(200, `{"data":{"id":"rp_1","status":"running"}}`))
	ctx, cancel := context.WithCancel(t.Context())
	r, err := c.Replays.Wait(ctx, "rp_1", func(client.Replay) { cancel() })
	if !errors.Is(err, context.Canceled) || r.ID != "rp_1" {
		t.Error(r, err)
	}
	if _, err := serve(t, answer(404, "")).Replays.Wait(t.Context(), "rp_1", nil); !errors.Is(err, client.ErrNotFound) {
		t.Error(err)
	}
}
