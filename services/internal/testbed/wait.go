package testbed

import (
	"context"
	"sync"
	"testing"
	"time"
)

// Patience is how long a test waits for what must come. It allows for a busy
// machine and is no assertion: what must come within a time measures that.
const Patience = 20 * time.Second

// Running runs run until the test ends or stop is called. The test fails
// where run returns an error, or does not return when its context ends. To
// call stop again does nothing.
func Running(tb testing.TB, run func(context.Context) error) (stop func()) {
	tb.Helper()
	// The test's own context ends before its clean-ups: that would stop all
	// that runs at once, rather than each before what it stands on.
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			select {
			case err := <-done:
				if err != nil {
					tb.Error(err)
				}
			case <-time.After(Patience):
				tb.Error("it does not return")
			}
		})
	}
	tb.Cleanup(stop)
	return stop
}

// Eventually returns as soon as holds does, and ends the test where it never
// does. What names that which is waited for.
func Eventually(tb testing.TB, what string, holds func() bool) {
	tb.Helper()
	deadline := time.After(Patience)
	for !holds() {
		select {
		case <-deadline:
			tb.Fatalf("waited in vain: %s", what)
		case <-time.After(2 * time.Millisecond):
		}
	}
}
