package catalogue

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
)

func TestKeys(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ tenant, name, want string }{
		{"acme", "task.claimed", "acme.task.claimed"},
		{"", "a", "_.a"},
		{"a-b_c", "urn:x/y-z_1.A:", "a-b_c.urn=x/y-z_1.A="},
	} {
		got := key(c.tenant, c.name)
		if got != c.want {
			t.Errorf("key %s, want %s", got, c.want)
		}
		if o, name := split(got); o != owner(c.tenant) || name != c.name {
			t.Errorf("%s is %s of %s", got, name, o)
		}
	}
}

func TestLayers(t *testing.T) {
	t.Parallel()
	dialect := []Entry{
		{EventType: &posthastev1.EventType{Name: "a", Description: "dialect"}, Origin: OfDialect},
		{EventType: &posthastev1.EventType{Name: "b", Description: "dialect"}, Origin: OfDialect},
		{EventType: &posthastev1.EventType{Name: "d", Description: "dialect"}, Origin: OfDialect},
	}
	w := newWorld(t, defaults(), tenants{}, func(tenant string) []Entry {
		if tenant == "plain" {
			return nil
		}
		return dialect
	})
	w.put(&posthastev1.EventType{Name: "b", Description: "server"})
	w.put(&posthastev1.EventType{Name: "c:x/y", Description: "server"})
	w.put(&posthastev1.EventType{Tenant: "acme", Name: "b", Description: "acme"})
	w.put(&posthastev1.EventType{Tenant: "acme", Name: "c:x/y", Description: "acme"})
	for tenant, want := range map[string][]string{
		"acme":  {"a dialect", "b acme", "c:x/y acme", "d dialect"},
		"other": {"a dialect", "b server", "c:x/y server", "d dialect"},
		"plain": {"b server", "c:x/y server"},
		"":      {"b server", "c:x/y server"},
		"_":     {"a dialect", "b server", "c:x/y server", "d dialect"}, // no tenant of this name reaches the server's
	} {
		var got []string
		for _, e := range w.List(tenant) {
			got = append(got, e.GetName()+" "+e.GetDescription())
			one, ok := w.Get(tenant, e.GetName())
			if !ok || one.GetDescription() != e.GetDescription() || one.Origin != e.Origin {
				t.Errorf("%q: Get %v, List %v", tenant, one, e)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", tenant, got, want)
		}
	}
	if e, _ := w.Get("acme", "b"); e.Origin != OfTenant {
		t.Errorf("origin %s", e.Origin)
	}
	if e, ok := w.Get("", "a"); ok {
		t.Errorf("the server has %v of a dialect", e)
	}
}

func TestPutReplacesAndDelete(t *testing.T) {
	t.Parallel()
	w := newWorld(t, defaults(), tenants{}, nil)
	given := &posthastev1.EventType{Tenant: "acme", Name: "a", Description: "old", Deprecated: true}
	first := w.put(given)
	want := proto.CloneOf(given)
	want.CreatedAt, want.UpdatedAt = stamp(day(1)), stamp(day(1))
	if diff := cmp.Diff(want, first, protocmp.Transform()); diff != "" || given.GetCreatedAt() != nil {
		t.Errorf("stored %s, given %v", diff, given)
	}
	second, revision, err := w.Put(t.Context(), &posthastev1.EventType{Tenant: "acme", Name: "a", Example: []byte(`1`)}, day(2))
	if err != nil {
		t.Fatal(err)
	}
	want = &posthastev1.EventType{Tenant: "acme", Name: "a", Example: []byte(`1`), CreatedAt: stamp(day(1)), UpdatedAt: stamp(day(2))}
	if diff := cmp.Diff(want, second, protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
	if err := w.Await(t.Context(), revision); err != nil {
		t.Fatal(err)
	}
	if e, _ := w.Get("acme", "a"); !proto.Equal(e.EventType, want) {
		t.Errorf("memory holds %v", e.EventType)
	}

	removed, err := w.Delete(t.Context(), "acme", "a")
	if err != nil || !proto.Equal(removed, want) {
		t.Errorf("removed %v, %v", removed, err)
	}
	if err := w.AwaitRemoved(t.Context(), "acme", "a"); err != nil {
		t.Fatal(err)
	}
	if len(w.index.owners) != 0 {
		t.Errorf("memory holds %v", w.index.owners)
	}
	if _, err := w.Delete(t.Context(), "acme", "a"); !errors.Is(err, ErrNotFound) {
		t.Errorf("removed twice: %v", err)
	}
	w.put(given)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.AwaitRemoved(ended, "acme", "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want that ctx ended", err)
	}
}

// Names that no type or tenant has must not reach the key of another.
func TestDeleteReachesNoOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t, defaults(), tenants{}, nil)
	w.put(&posthastev1.EventType{Tenant: "acme", Name: "b.c:d"})
	w.put(&posthastev1.EventType{Name: "b"})
	for _, c := range [][2]string{{"acme.b", "c:d"}, {"acme", "b.c=d"}, {"_", "b"}, {"acme", "*"}, {"acme", ""}} {
		if _, err := w.Delete(t.Context(), c[0], c[1]); !errors.Is(err, ErrNotFound) {
			t.Errorf("%q: %v", c, err)
		}
	}
}

// What was removed while nobody watched is dropped, and what comes late undoes
// nothing.
func TestIndex(t *testing.T) {
	t.Parallel()
	x := newIndex()
	put := func(k string, revision uint64) {
		t.Helper()
		value, err := proto.Marshal(&posthastev1.EventType{Name: strings.Repeat("x", int(revision))})
		if err != nil {
			t.Fatal(err)
		}
		if err := x.Put(k, value, revision); err != nil {
			t.Fatal(err)
		}
	}
	put("a.x", 5)
	put("a.x", 4)
	put("a.y=z", 6)
	put("_.x", 7)
	x.Remove("a.x", 4)
	if e, ok := x.get("a", "x"); !ok || len(e.GetName()) != 5 {
		t.Errorf("a.x is %v", e)
	}
	x.Retain(map[string]struct{}{"a.y=z": {}})
	if _, ok := x.get("a", "y:z"); !ok || len(x.owners) != 1 || x.count("a") != 1 {
		t.Errorf("holds %v", x.owners)
	}
	if err := x.Put("a.bad", []byte{0xff}, 8); err == nil {
		t.Error("read what is no record")
	}
	bad, err := proto.Marshal(&posthastev1.EventType{Schema: []byte(`{"type":7}`)})
	if err != nil {
		t.Fatal(err)
	}
	if err := x.Put("a.bad", bad, 9); err == nil || x.count("a") != 1 {
		t.Errorf("took a schema that does not compile: %v", err)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	cfg := defaults()
	cfg.MaxEventTypes, cfg.MaxSchemaBytes = 2, 20
	w := newWorld(t, cfg, tenants{}, nil)
	long := strings.Repeat("x", 70_000)
	for want, pb := range map[string]*posthastev1.EventType{
		"name: empty, want 1 to 128 bytes": {},
		"name: empty token at byte 2":      {Name: "a."},
		`name: character "=" at byte 1, allowed are A-Z a-z 0-9 _ : / - and dots between`:                             {Name: "a="},
		`tenant: character "." at byte 1, allowed are A-Z a-z 0-9 _ -`:                                                {Tenant: "a.b", Name: "a"},
		"tenant: _ stands for the server; a tenant of this name has no types of its own":                              {Tenant: "_", Name: "a"},
		"description: is 1025 bytes, at most 1024 allowed":                                                            {Name: "a", Description: long[:1025]},
		"example: is 65537 bytes, at most 65536 allowed":                                                              {Name: "a", Example: []byte(long[:65537])},
		"schema: is 21 bytes, at most 20 allowed (POSTHASTE_MAX_SCHEMA_BYTES)":                                        {Name: "a", Schema: []byte(long[:21])},
		"sunset: must lie in the years 0001 to 9999 UTC":                                                              {Name: "a", Sunset: stamp(day(1).AddDate(9000, 0, 0))},
		"example: is not one JSON value":                                                                              {Name: "a", Example: []byte(`{} {}`)},
		"example: must be a string, is an object":                                                                     {Name: "a", Example: []byte(`{}`), Schema: []byte(`{"type":"string"}`)},
		"schema: is not one JSON value":                                                                               {Name: "a", Schema: []byte(`{`)},
		"example.n: is a number of more than 1000 digits, or beyond 1e400 or 1e-400":                                  {Name: "a", Example: []byte(`{"n":1e401}`)},
		`schema.type: fits none, or more than one, of the forms that the schema gives (anyOf)`:                        {Name: "a", Schema: []byte(`{"type":"text"}`)},
		`schema: is 20 bytes`[:0] + "schema.minimum: is a number of more than 1000 digits, or beyond 1e400 or 1e-400": {Name: "a", Schema: []byte(`{"minimum":-1E+500}`)},
	} {
		_, _, err := w.Put(t.Context(), pb, day(1))
		var fault *Fault
		if !errors.As(err, &fault) || err.Error() != want {
			t.Errorf("error %v\nwant  %s", err, want)
		}
	}
	w.put(&posthastev1.EventType{Tenant: "a", Name: "a", Schema: []byte(`{"type":"string"}`), Example: []byte(`"x"`)})
	w.put(&posthastev1.EventType{Tenant: "a", Name: "b"})
	_, _, err := w.Put(t.Context(), &posthastev1.EventType{Tenant: "a", Name: "c"}, day(1))
	if !errors.Is(err, ErrTooMany) || !strings.Contains(err.Error(), "there are 2 already (POSTHASTE_MAX_EVENT_TYPES_PER_TENANT)") {
		t.Errorf("a third: %v", err)
	}
	w.put(&posthastev1.EventType{Tenant: "a", Name: "b", Description: "changed"})
	w.put(&posthastev1.EventType{Tenant: "b", Name: "c"})
	w.put(&posthastev1.EventType{Name: "c"})
}

func TestConfig(t *testing.T) {
	t.Parallel()
	good := defaults()
	if err := good.Validate(); err != nil || good.enforcement() != off {
		t.Errorf("the defaults: %v", err)
	}
	for want, change := range map[string]func(*Config){
		`event-type-enforcement: must be off, schema or known, is "on"`: func(c *Config) { c.Enforcement = "on" },
		"max-event-types-per-tenant: must be at least 1, is 0":          func(c *Config) { c.MaxEventTypes = 0 },
		"max-schema-bytes: must be 1B to 512KiB, is 0B":                 func(c *Config) { c.MaxSchemaBytes = 0 },
		"max-schema-bytes: must be 1B to 512KiB, is 1MiB":               func(c *Config) { c.MaxSchemaBytes = 1 << 20 },
	} {
		c := good
		change(&c)
		if err := c.Validate(); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}
