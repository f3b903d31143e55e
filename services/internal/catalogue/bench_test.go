package catalogue

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
)

// filled is a catalogue of 1000 types without a bucket; type "order" has a schema.
func filled(tb testing.TB) *Live {
	tb.Helper()
	builtin := []Entry{{EventType: &posthastev1.EventType{Name: "of.the.dialect"}, Origin: OfDialect}}
	l := &Live{
		index: newIndex(), builtin: func(string) []Entry { return builtin },
		tenants: enforced(map[string]posthastev1.EventTypeEnforcement{"acme": schema}),
	}
	for i := range 1000 {
		pb := &posthastev1.EventType{Name: "type" + strings.Repeat("x", i%100) + string(rune('a'+i%26))}
		if i == 0 {
			pb = &posthastev1.EventType{Name: "order", Schema: []byte(orderSchema)}
		}
		value, err := proto.Marshal(pb)
		if err != nil {
			tb.Fatal(err)
		}
		if err := l.index.Put(key("acme", pb.GetName()), value, uint64(i+1)); err != nil {
			tb.Fatal(err)
		}
	}
	return l
}

// Without a schema and without a deprecation a check looks up and no more.
func TestCheckAllocatesNothing(t *testing.T) {
	l := filled(t)
	for _, name := range []string{"typexxxd", "of.the.dialect", "not.in.it"} {
		e := &posthastev1.Event{Type: name, Data: []byte(`{}`)}
		allocs := testing.AllocsPerRun(100, func() {
			if warnings, err := l.Check("acme", e, day(1)); err != nil || warnings != nil {
				t.Error(warnings, err)
			}
		})
		if allocs != 0 {
			t.Errorf("%s: %g allocations", name, allocs)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	l := filled(b)
	order := `{"amount":1.5,"currency":"EUR","items":[{"a.b":1,"pad":"` + strings.Repeat("x", 900) + `"},{}],"note":"abc"}`
	for name, e := range map[string]*posthastev1.Event{
		"plain":   {Type: "typexxxd", Data: []byte(order)},
		"dialect": {Type: "of.the.dialect", Data: []byte(order)},
		"unknown": {Type: "not.in.it", Data: []byte(order)},
		"schema":  {Type: "order", Data: []byte(order)},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := l.Check("acme", e, day(1)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	pb := &posthastev1.EventType{Schema: []byte(orderSchema)}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := NewEntry(pb, OfTenant); err != nil {
			b.Fatal(err)
		}
	}
}
