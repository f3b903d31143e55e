package eventid_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/oklog/ulid/v2"

	"github.com/posthaste/posthaste/pkg/eventid"
)

func TestNew(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for range 1000 {
		id := eventid.New()
		text, ok := strings.CutPrefix(id, eventid.Prefix)
		if !ok || seen[id] {
			t.Fatalf("id %q: no prefix, or made twice", id)
		}
		if _, err := ulid.ParseStrict(text); err != nil {
			t.Fatalf("id %q: %v", id, err)
		}
		if err := eventid.CheckID(id); err != nil {
			t.Fatal(err)
		}
		seen[id] = true
	}
}

func TestMsgID(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ tenant, source, id, want string }{
		{"acme", "", "evt_1", "acme/evt_1"},
		{"acme", "billing", "1", "acme/billing/1"},
		{"acme", "", "billing/1", "acme/billing%2F1"},
		{"acme", "", "billing%2F1", "acme/billing%252F1"},
		{"acme", "https://x.example/a", "1", "acme/https:%2F%2Fx.example%2Fa/1"},
		{"acme", "a\r\nb é", "1", "acme/a%0D%0Ab%20%C3%A9/1"},
	} {
		if got := eventid.MsgID(tt.tenant, tt.source, tt.id); got != tt.want {
			t.Errorf("MsgID(%q, %q, %q) = %q, want %q", tt.tenant, tt.source, tt.id, got, tt.want)
		}
	}
}

// FuzzMsgID looks for two events with one message id.
func FuzzMsgID(f *testing.F) {
	f.Add("", "a/b", "a", "b")
	f.Add("a/b", "c", "a", "b/c")
	f.Add("", "a%2Fb", "", "a/b")
	f.Fuzz(func(t *testing.T, source1, id1, source2, id2 string) {
		a, b := eventid.MsgID("t", source1, id1), eventid.MsgID("t", source2, id2)
		if same := source1 == source2 && id1 == id2; (a == b) != same {
			t.Fatalf("(%q, %q) is %q and (%q, %q) is %q", source1, id1, a, source2, id2, b)
		}
	})
}

func TestChecks(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		check    func(string) error
		name     string
		wantText string // Empty: accepted.
	}{
		{eventid.CheckTenant, "Acme_0-z", ""},
		{eventid.CheckTenant, strings.Repeat("a", 64), ""},
		{eventid.CheckTenant, "", "tenant: bad name: empty, want 1 to 64 bytes"},
		{eventid.CheckTenant, strings.Repeat("a", 65), "tenant: bad name: 65 bytes, at most 64 allowed"},
		{eventid.CheckTenant, "a.b", `character "." at byte 1`},
		{eventid.CheckTenant, "aé", `character "é" at byte 1`},
		{eventid.CheckTenant, "a\xff", `character "\xff" at byte 1`},

		{eventid.CheckType, "task.claimed", ""},
		{eventid.CheckType, "a:b/c-d_e.F9", ""},
		{eventid.CheckType, strings.Repeat("a", 128), ""},
		{eventid.CheckType, strings.Repeat("a", 129), "type: bad name: 129 bytes, at most 128 allowed"},
		{eventid.CheckType, "", "type: bad name: empty"},
		{eventid.CheckType, ".a", "empty token at byte 0"},
		{eventid.CheckType, "a..b", "empty token at byte 2"},
		{eventid.CheckType, "a.", "empty token at byte 2"},
		{eventid.CheckType, "a.*", `character "*" at byte 2`},
		{eventid.CheckType, "a.>", `character ">" at byte 2`},

		{eventid.CheckID, "evt_1/~!", ""},
		{eventid.CheckID, strings.Repeat("a", 256), ""},
		{eventid.CheckID, strings.Repeat("a", 257), "id: bad name: 257 bytes, at most 256 allowed"},
		{eventid.CheckID, "a b", `character " " at byte 1`},
		{eventid.CheckID, "a\n", `character "\n" at byte 1`},

		{eventid.CheckSource, "", ""},
		{eventid.CheckSource, "https://x.example/é \ufffd", ""},
		{eventid.CheckSource, "a\x00", `character "\x00" at byte 1`},
		{eventid.CheckSource, "a\x7f", `character "\x7f" at byte 1`},
		{eventid.CheckSource, "a\xff", `character "\xff" at byte 1`},
		{eventid.CheckSource, strings.Repeat("a", 513), "source: bad name: 513 bytes"},
	} {
		err := tt.check(tt.name)
		if (err == nil) != (tt.wantText == "") || err != nil && !strings.Contains(err.Error(), tt.wantText) {
			t.Errorf("%q: got %v, want %q", tt.name, err, tt.wantText)
		}
	}
}

func ExampleMsgID() {
	fmt.Println(eventid.MsgID("acme", "", "evt_1"))
	fmt.Println(eventid.MsgID("acme", "billing", "1"))
	fmt.Println(eventid.MsgID("acme", "", "billing/1"))
	// Output:
	// acme/evt_1
	// acme/billing/1
	// acme/billing%2F1
}

func ExampleSubject() {
	fmt.Println(eventid.Subject("acme", "task.claimed"))
	// Output: events.acme.task.claimed
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		eventid.New()
	}
}

func BenchmarkMsgID(b *testing.B) {
	for b.Loop() {
		eventid.MsgID("acme", "", "evt_01JABCDEFGHJKMNPQRSTVWXYZ0")
	}
}

func BenchmarkCheckType(b *testing.B) {
	for b.Loop() {
		_ = eventid.CheckType("marketplace.order.created")
	}
}
