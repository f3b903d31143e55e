package scenario

import (
	"strings"
	"testing"
	"time"
)

func TestPick(t *testing.T) {
	t.Parallel()
	quick, err := Pick("")
	if err != nil || len(quick) == 0 || len(quick) == len(All) {
		t.Errorf("%d quick ones of %d, %v", len(quick), len(All), err)
	}
	for _, s := range quick {
		if !s.Quick {
			t.Errorf("%s is not quick", s.Name)
		}
	}
	named, err := Pick("latency, flood")
	if err != nil || len(named) != 2 || named[0].Name != "latency" || named[1].Name != "flood" {
		t.Errorf("%v, %v", named, err)
	}
	if all, err := Pick("all"); err != nil || len(all) != len(All) {
		t.Errorf("%v, %v", all, err)
	}
	for _, list := range []string{"flod", "flood,", "flood;latency"} {
		if _, err := Pick(list); err == nil || !strings.Contains(err.Error(), "-scenario") || !strings.Contains(err.Error(), "isolation") {
			t.Errorf("%q: %v", list, err)
		}
	}
}

func TestTableOfScenarios(t *testing.T) {
	t.Parallel()
	for _, s := range All {
		if s.Name == "" || s.About == "" || s.Takes == "" || s.limit == 0 || s.run == nil {
			t.Errorf("%+v lacks something", s)
		}
	}
}

// What waits must not come due before it was measured beside.
func TestWaits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		n       int
		seconds float64
		retry   time.Duration
		waiting time.Duration
	}{
		{1000, 1, 30 * time.Second, 10 * time.Second},
		{20_000, 10, 30 * time.Second, 30 * time.Second},
		{100_000, 0, 90 * time.Second, 30 * time.Second},
		{300_000, 0, 300 * time.Second, 30 * time.Second},
		{1_000_000, 0, 300 * time.Second, 90 * time.Second},
	} {
		w := newWorld(Options{Backlog: c.n, Waiting: c.n, Seconds: c.seconds})
		if got := w.retryAfter(); got != c.retry {
			t.Errorf("a backlog of %d is tried again after %s, want %s", c.n, got, c.retry)
		}
		if got := w.waitingWait(); got != c.waiting {
			t.Errorf("%d wait for %s, want %s", c.n, got, c.waiting)
		}
	}
}
