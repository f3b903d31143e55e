package catalogue

import (
	"log/slog"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/protobuf/types/known/timestamppb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/settings"
	"github.com/posthaste/posthaste/services/internal/testbed"
	"github.com/posthaste/posthaste/services/internal/testbed/bustest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// tenants are settings of tenants by name.
type tenants map[string]*posthastev1.Tenant

func (t tenants) Get(name string) (*posthastev1.Tenant, bool) { found, ok := t[name]; return found, ok }

// enforced are tenants a, b, … each with a level of its own.
func enforced(levels map[string]posthastev1.EventTypeEnforcement) tenants {
	all := make(tenants)
	for name, level := range levels {
		all[name] = &posthastev1.Tenant{Name: name, Enforcement: level}
	}
	return all
}

// world is a catalogue that runs, on a server of its own.
type world struct {
	*Live
	t   *testing.T
	bus *bus.Bus
}

func newWorld(t *testing.T, cfg Config, tenants Tenants, builtin Builtin) *world {
	t.Helper()
	w := &world{t: t, bus: bustest.Connect(t, testbed.StartNATS(t).URL(), slog.New(slog.DiscardHandler))}
	w.Live = w.another(cfg, tenants, builtin)
	return w
}

// another is a catalogue of the same bucket.
func (w *world) another(cfg Config, tenants Tenants, builtin Builtin) *Live {
	w.t.Helper()
	l, err := Open(w.t.Context(), w.bus, cfg, tenants, builtin, slog.New(slog.DiscardHandler))
	if err != nil {
		w.t.Fatal(err)
	}
	testbed.Running(w.t, l.Run)
	<-l.Loaded()
	return l
}

// put stores and waits until the memory shows it.
func (w *world) put(pb *posthastev1.EventType) *posthastev1.EventType {
	w.t.Helper()
	stored, revision, err := w.Put(w.t.Context(), pb, day(1))
	if err != nil {
		w.t.Fatal(err)
	}
	if err := w.Await(w.t.Context(), revision); err != nil {
		w.t.Fatal(err)
	}
	return stored
}

func defaults() Config { return settings.Defaults[Config]() }

// day is the nth of January 2026.
func day(n int) time.Time { return time.Date(2026, 1, n, 0, 0, 0, 0, time.UTC) }

func stamp(at time.Time) *timestamppb.Timestamp { return timestamppb.New(at) }
