package e2e

import (
	"testing"
	"time"
)

const (
	// patience is how long a condition may take on a busy machine. Nothing is
	// measured by it.
	patience = 45 * time.Second
	// poll is how often a condition is looked at.
	poll = 10 * time.Millisecond
)

// eventually waits until holds does. state, which may be nil, says in the
// failure how things stand.
func eventually(t *testing.T, what string, holds func() bool, state func() string) {
	t.Helper()
	if within(t, patience, holds) {
		return
	}
	if state != nil {
		what += ": " + state()
	}
	t.Fatalf("after %s still waiting for %s", patience, what)
}

// within says whether the condition held before the time was over.
func within(t *testing.T, most time.Duration, holds func() bool) bool {
	t.Helper()
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	over := time.NewTimer(most)
	defer over.Stop()
	for !holds() {
		select {
		case <-ticker.C:
		case <-over.C:
			return holds()
		case <-t.Context().Done():
			t.Fatal("the test is over")
		}
	}
	return true
}
