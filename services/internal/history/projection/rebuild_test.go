package projection

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/metric/noop"

	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/history"
	"github.com/posthaste/posthaste/services/internal/testbed"
	"github.com/posthaste/posthaste/services/internal/testbed/bustest"
)

// told is what a rebuild told of its progress.
type told struct{ done, total uint64 }

func rebuildNow(t *testing.T, b *bus.Bus, s *history.Store) []told {
	t.Helper()
	var all []told
	if err := Rebuild(t.Context(), b, s, quiet, func(done, total uint64) { all = append(all, told{done, total}) }); err != nil {
		t.Fatal(err)
	}
	for i := range all[1:] {
		if all[i].done > all[i+1].done {
			t.Errorf("progress goes back: %v", all)
		}
	}
	return all
}

// While projectors run, here and on another connection, and without any.
func TestRebuild(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, cfg history.Config) {
		t.Helper()
		cfg.Batch = 50
		n := testbed.StartNATS(t)
		s, b, elsewhere := open(t, cfg), bustest.Connect(t, n.URL(), quiet, impatient), bustest.Connect(t, n.URL(), quiet, impatient)
		tell(t, b, some("a", 200)...)
		stopHere := testbed.Running(t, projector(t, b, s, quiet, noop.Meter{}).Run)
		stopThere := testbed.Running(t, projector(t, elsewhere, s, quiet, noop.Meter{}).Run)
		arrived(t, s, 200)
		settled(t, b)
		want := content(t, s)

		apply(t, s, post("not in the stream", 1, 200))
		if all := rebuildNow(t, b, s); all[len(all)-1] != (told{400, 400}) {
			t.Errorf("progress ends with %v, want 400 of 400", all[len(all)-1])
		}
		if diff := cmp.Diff(want, content(t, s)); diff != "" {
			t.Errorf("beside projectors: %s", diff)
		}
		tell(t, b, some("b", 10)...) // they still run
		arrived(t, s, 210)
		settled(t, b)
		stopHere()
		stopThere()

		want = content(t, s)
		rebuildNow(t, b, s)
		if diff := cmp.Diff(want, content(t, s)); diff != "" {
			t.Errorf("without projectors: %s", diff)
		}
	})
}

func TestRebuildOfNothing(t *testing.T) {
	t.Parallel()
	s, b := open(t, sqliteConfig(t)), connect(t)
	apply(t, s, post("d", 1, 200))
	if all := rebuildNow(t, b, s); len(all) != 1 || all[0] != (told{}) {
		t.Errorf("progress is %v, want 0 of 0 once", all)
	}
	if left := content(t, s); len(left) != 0 {
		t.Errorf("%d deliveries are left", len(left))
	}
}

// It says how far it came, where it is stopped before the end.
func TestRebuildStops(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r := &rebuild{bus: connect(t), first: 1, last: 2, progress: func(uint64, uint64) { cancel() }} // nobody projects
	if err := r.await(ctx); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "record 0 of 2") {
		t.Errorf("%v, want that it was stopped at record 0 of 2", err)
	}
}
