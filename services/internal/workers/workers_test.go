package workers_test

import (
	"context"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"github.com/posthaste/posthaste/services/internal/testbed"
	"github.com/posthaste/posthaste/services/internal/workers"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestPoolRunsEveryTaskWithinItsBound(t *testing.T) {
	t.Parallel()
	const tasks, most = 1000, 7
	var running, highest, done atomic.Int64
	pool := workers.New(most, func(int) {
		now := running.Add(1)
		for old := highest.Load(); now > old && !highest.CompareAndSwap(old, now); old = highest.Load() {
		}
		done.Add(1)
		running.Add(-1)
	})
	for i := range tasks {
		if !pool.Hand(t.Context(), i) {
			t.Fatalf("task %d was not taken", i)
		}
	}
	pool.Close()
	if done.Load() != tasks {
		t.Errorf("%d tasks done, want %d", done.Load(), tasks)
	}
	if highest.Load() > most {
		t.Errorf("%d ran at once, want at most %d", highest.Load(), most)
	}
}

func TestHandGivesUpWithItsContext(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	pool := workers.New(1, func(int) { <-release })
	if !pool.Hand(t.Context(), 1) {
		t.Fatal("the first task was not taken")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if pool.Hand(ctx, 2) {
		t.Error("a second task was taken while the only goroutine is busy")
	}
	close(release)
	pool.Close()
}

// A task may resume others while no goroutine is free: each runs, and nobody
// waits for a place but Hand.
func TestResumeNeverWaits(t *testing.T) {
	t.Parallel()
	const tasks = 500
	var done atomic.Int64
	var pool *workers.Pool[int]
	pool = workers.New(2, func(n int) {
		if n%2 == 0 {
			for range 2 {
				if !pool.Resume(n + 1) {
					t.Error("an open pool refuses")
				}
			}
		}
		done.Add(1)
	})
	for i := range tasks {
		if !pool.Hand(t.Context(), 2*i) {
			t.Fatalf("task %d was not taken", i)
		}
	}
	pool.Hand(t.Context(), 1) // the last even task has resumed by the time that all are done
	testbed.Eventually(t, "all tasks are done", func() bool { return done.Load() == 3*tasks+1 })
	pool.Close()
	if pool.Resume(1) {
		t.Error("a closed pool takes a task")
	}
	if done.Load() != 3*tasks+1 {
		t.Errorf("%d tasks done, want %d", done.Load(), 3*tasks+1)
	}
}
