package dispatcher

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestYield(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		busy := false
		var underWay atomic.Int64
		y := newYield(64)
		y.busy = func() bool { return busy }
		await := func() { y.await(t.Context(), time.Now, func() int { return int(underWay.Load()) }) }
		began := time.Now()
		underWay.Store(63)
		if await(); time.Since(began) != 0 {
			t.Error("waited though nobody is busy")
		}
		busy = true
		for range 10 {
			<-time.After(yieldLook)
			y.current(time.Now())
		}
		if y.limit != 4 {
			t.Errorf("limit %d after a long time of too much, want a sixteenth of 64", y.limit)
		}
		underWay.Store(4)
		go func() {
			<-time.After(10 * time.Millisecond)
			underWay.Store(3)
		}()
		began = time.Now()
		if await(); time.Since(began) < 10*time.Millisecond || time.Since(began) > 11*time.Millisecond {
			t.Errorf("went on after %v, want when one of four was done", time.Since(began))
		}
		busy = false
		underWay.Store(63)
		began = time.Now()
		if await(); y.limit != 64 || time.Since(began) < 14*yieldLook {
			t.Errorf("limit %d after %v, want to rise by steps", y.limit, time.Since(began))
		}
		busy = true
		underWay.Store(64)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		y.await(ctx, time.Now, func() int { return int(underWay.Load()) }) // returns
	})
}
