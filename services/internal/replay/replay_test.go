package replay

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"
	"pgregory.net/rapid"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/eventlog"
	"github.com/posthaste/posthaste/services/internal/settings"
)

var at = time.UnixMilli(1_800_000_000_000)

func TestID(t *testing.T) {
	t.Parallel()
	if a, b := NewID(at), NewID(at.Add(time.Millisecond)); !CheckID(a) || !CheckID(b) || a >= b {
		t.Errorf("%s, %s", a, b)
	}
	for _, id := range []string{"", "rpl_", "rpl_*", "rpl_01KF0K8XR0000000000000000", "evt_01KF0K8XR00000000000000001", "rpl_01KF0K8XR0000000000000000>"} {
		if CheckID(id) {
			t.Errorf("%q passes", id)
		}
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for field, rec := range map[string]*posthastev1.Replay{
		"":            {EventTypes: []string{"*", "task.*", "a"}, Only: []string{OnlyFailed, OnlyMissed}, Rate: 0.5, Since: timestamppb.New(at), Until: timestamppb.New(at.Add(1))},
		"event types": {EventTypes: []string{"*.done"}},
		"only":        {Only: []string{"delivered"}},
		"rate":        {Rate: -1},
		"RATE":        {Rate: math.NaN()},
		"Rate":        {Rate: math.Inf(1)},
		"until":       {Since: timestamppb.New(at), Until: timestamppb.New(at)},
	} {
		err := Check(rec)
		if field == "" && err != nil || field != "" && (err == nil || !strings.HasPrefix(err.Error(), strings.ToLower(field)+": ")) {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestWanted(t *testing.T) {
	t.Parallel()
	periods := []*posthastev1.DisabledPeriod{
		{From: timestamppb.New(at.Add(time.Hour))}, // still
		{From: timestamppb.New(at), Until: timestamppb.New(at.Add(time.Minute))},
	}
	const active, disabled = -time.Second, time.Second // of at
	for _, test := range []struct {
		outcome                  string
		stored                   time.Duration
		failed, missed, any, all bool
	}{
		{"failed", active, true, false, true, true},
		{"failed", disabled, true, false, true, true},
		{"cancelled", active, false, true, true, true},
		{"delivered", disabled, false, false, false, true},
		{"waiting", disabled, false, false, false, true},
		{"", active, false, false, false, true},
		{"", disabled, false, true, true, true},
		{"", 0, false, true, true, true},
		{"", time.Minute, false, false, false, true},
		{"", 2 * time.Hour, false, true, true, true},
	} {
		for _, c := range []struct {
			only []string
			want bool
		}{
			{[]string{OnlyFailed}, test.failed},
			{[]string{OnlyMissed}, test.missed},
			{[]string{OnlyFailed, OnlyMissed}, test.any},
			{nil, test.all},
		} {
			if got := wanted(c.only, test.outcome, at.Add(test.stored), periods); got != c.want {
				t.Errorf("%q at %s, only %v: %t", test.outcome, test.stored, c.only, got)
			}
		}
	}
}

// Parts together are what was found, in order, and each says truly how far the
// replay is after it.
func TestParts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := &found{wanted: rapid.SliceOfN(rapid.Bool(), 0, 50).Draw(t, "wanted")}
		sequence := uint64(0)
		for range f.wanted {
			sequence += rapid.Uint64Range(1, 3).Draw(t, "gap")
			f.entries = append(f.entries, eventlog.Entry{Sequence: sequence})
		}
		f.next = sequence + rapid.Uint64Range(1, 9).Draw(t, "rest")
		most := rapid.IntRange(1, 8).Draw(t, "most")

		var got []uint64
		scanned, next := 0, uint64(0)
		for _, p := range f.parts(most) {
			if len(p.entries) > most || p.next <= next {
				t.Fatalf("part %+v after %d", p, next)
			}
			for _, e := range p.entries {
				if e.Sequence < next || e.Sequence >= p.next {
					t.Fatalf("sequence %d in the part from %d before %d", e.Sequence, next, p.next)
				}
				got = append(got, e.Sequence)
			}
			scanned += p.scanned
			next = p.next
		}
		var want []uint64
		for i, e := range f.entries {
			if f.wanted[i] {
				want = append(want, e.Sequence)
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(want) || scanned != len(f.entries) || next != f.next {
			t.Fatalf("%v of %d up to %d; want %v of %d up to %d", got, scanned, next, want, len(f.entries), f.next)
		}
	})
}

func TestPace(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ rate, limit, together, ahead float64 }{
		{0, math.MaxFloat64, 500, 500},
		{0.1, 0.1, 1, 32},
		{2.5, 2.5, 2, 32},
		{10, 10, 10, 100},
		{499, 499, 499, 500},
		{500, 500, 500, 500},
		{1e6, 1e6, 500, 500},
	} {
		p := newPace(test.rate, 500)
		if float64(p.limiter.Limit()) != test.limit || p.limiter.Burst() != p.together || float64(p.together) != test.together || float64(p.ahead) != test.ahead {
			t.Errorf("rate %v: limit %v, burst %d, %d together, %d ahead", test.rate, p.limiter.Limit(), p.limiter.Burst(), p.together, p.ahead)
		}
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	good := settings.Defaults[Config]()
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*Config){
		"replay-concurrency": func(c *Config) { c.Concurrency = 0 },
		"replay-batch":       func(c *Config) { c.Batch = eventlog.MaxPage + 1 },
		"replay-lease":       func(c *Config) { c.Lease = time.Millisecond },
		"replay-max-pending": func(c *Config) { c.MaxPending = 0 },
		"replay-count-time":  func(c *Config) { c.CountTime = 0 },
	} {
		cfg := good
		change(&cfg)
		if err := cfg.Validate(); err == nil || !strings.HasPrefix(err.Error(), name+": ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
