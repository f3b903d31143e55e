package fault

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestSameSeedSameSchedule(t *testing.T) {
	t.Parallel()
	o := Options{Lasts: 20 * time.Second, Cluster: true, Disk: true}
	first := Draw(7, o)
	if diff := cmp.Diff(first, Draw(7, o)); diff != "" {
		t.Error(diff)
	}
	if cmp.Equal(first, Draw(8, o)) {
		t.Error("another seed gives the same schedule")
	}
	if len(first) < 5 {
		t.Errorf("%d faults in 20 s", len(first))
	}
}

// What holds for every schedule.
func TestDraw(t *testing.T) {
	t.Parallel()
	groups := make(map[string]entry)
	for _, e := range catalogue {
		groups[e.name()] = e
	}
	rapid.Check(t, func(t *rapid.T) {
		o := Options{
			Lasts:   time.Duration(rapid.IntRange(5, 60).Draw(t, "seconds")) * time.Second,
			Cluster: rapid.Bool().Draw(t, "cluster"), Disk: rapid.Bool().Draw(t, "disk"),
		}
		busy := make(map[string]time.Duration)
		last := time.Duration(0)
		for _, f := range Draw(rapid.Uint64().Draw(t, "seed"), o) {
			e := groups[f.Name()]
			if e.cluster && !o.Cluster || e.disk && !o.Disk {
				t.Errorf("%s was drawn, which cannot be done", f)
			}
			if f.At < last || f.At+f.For > o.Lasts {
				t.Errorf("%s begins before the one before it, or lasts longer than the load", f)
			}
			if f.At < busy[e.group] {
				t.Errorf("%s overlaps another of %s", f, e.group)
			}
			last, busy[e.group] = f.At, f.At+f.For
		}
	})
}

// Twenty schedules hold every fault.
func TestAllAreDrawn(t *testing.T) {
	t.Parallel()
	seen := make(map[string]int)
	for seed := range uint64(20) {
		for _, f := range Draw(seed, Options{Lasts: 20 * time.Second, Cluster: true, Disk: true}) {
			seen[f.Name()]++
		}
	}
	for _, name := range Names() {
		if seen[name] == 0 {
			t.Errorf("%s is never drawn", name)
		}
	}
}

func TestOnly(t *testing.T) {
	t.Parallel()
	faults := Draw(1, Options{Lasts: 20 * time.Second, Only: []string{"kill:dispatcher"}})
	if len(faults) < 2 {
		t.Errorf("%d faults", len(faults))
	}
	for _, f := range faults {
		if f.Name() != "kill:dispatcher" {
			t.Errorf("%s was drawn", f)
		}
	}
	if got := Draw(1, Options{Lasts: 20 * time.Second, Only: []string{"kill:nats-leader"}}); got != nil {
		t.Errorf("a cluster's fault without a cluster: %v", got)
	}
	if !Known("flush:redis") || Known("flush:nats") {
		t.Error("names are not known")
	}
}
