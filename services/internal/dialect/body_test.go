package dialect

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"
)

// TestSameOnEveryAttempt: what changes from attempt to attempt is not in it.
func TestSameOnEveryAttempt(t *testing.T) {
	t.Parallel()
	for _, d := range Builtin().All() {
		first := d.AppendBody(nil, testDelivery())
		for attempt := range uint32(8) {
			in := testDelivery()
			in.Attempt, in.Round = attempt+1, fmt.Sprintf("rpl_%d", attempt)
			if again := d.AppendBody(nil, in); !bytes.Equal(first, again) {
				t.Errorf("%s, attempt %d: %s, want %s", d.Name, attempt+1, again, first)
			}
		}
	}
}

// TestAppendBodyKeepsDst: it appends, and reuses room that is there.
func TestAppendBodyKeepsDst(t *testing.T) {
	t.Parallel()
	d, in := builtinNamed(t, "agentrail"), testDelivery()
	alone := d.AppendBody(nil, in)
	room := make([]byte, 1, 4096)
	room[0] = 'x'
	got := d.AppendBody(room, in)
	if string(got) != "x"+string(alone) || &got[0] != &room[0] {
		t.Errorf("%s", got)
	}
}

// TestAppendBodyAllocates nothing where there is room. Not parallel: it counts
// the process's allocations.
func TestAppendBodyAllocates(t *testing.T) {
	room := make([]byte, 0, 4096)
	for _, d := range Builtin().All() {
		in := testDelivery()
		if allocs := testing.AllocsPerRun(100, func() { d.AppendBody(room, in) }); allocs > 0 {
			t.Errorf("%s: %v allocations", d.Name, allocs)
		}
	}
}

func TestPlainBody(t *testing.T) {
	t.Parallel()
	d := named(t, loaded(t, "dialects:\n- {name: x, extends: github, content_type: text/plain, body: '${event.type} of ${tenant}'}\n"), "x")
	if got := string(d.AppendBody(nil, testDelivery())); got != `"task.claimed" of "acme"` || d.Scheme.DataField != "" {
		t.Errorf("%s", got)
	}
	if !json.Valid(builtinNamed(t, "github").AppendBody(nil, testDelivery())) {
		t.Error("github's is no JSON")
	}
}
