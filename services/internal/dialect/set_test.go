package dialect

import (
	"encoding/json"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/posthaste/posthaste/pkg/webhook"
	"github.com/posthaste/posthaste/services/internal/settings"
)

func TestConfigDefaults(t *testing.T) {
	t.Parallel()
	config := settings.Defaults[Config]()
	set, err := config.Load()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"agentrail", "aicity", "github", "neiracore", "standard", "stripe"}, set.Names()); diff != "" {
		t.Error(diff)
	}
	if set.Default().Name != Standard {
		t.Errorf("the default is %s", set.Default().Name)
	}
	if _, ok := set.Get("slack"); ok {
		t.Error("there is a dialect slack")
	}
	for i, d := range set.All() {
		if d.Name != set.Names()[i] {
			t.Errorf("dialect %d is %s", i, d.Name)
		}
	}
}

// TestSchemes holds the files to what receivers verify with.
func TestSchemes(t *testing.T) {
	t.Parallel()
	for _, d := range Builtin().All() {
		want, ok := webhook.SchemeNamed(d.Name)
		if diff := cmp.Diff(want, d.Scheme); diff != "" || !ok {
			t.Errorf("%s: %s", d.Name, diff)
		}
	}
}

// rules are those of the requirements.
type rules struct {
	Delays       []time.Duration
	On           RetryOn
	Gone         Gone
	DisableAfter int
	Duplicates   Duplicates
	AllTypes     bool
	HTTPS        HTTPS
	Secret       SecretPolicy
	Ping         string
}

func TestRules(t *testing.T) {
	t.Parallel()
	const s = time.Second
	hmac := []Algorithm{HMACSHA256}
	usual := []time.Duration{10 * s, 60 * s, 300 * s}
	shape := rules{usual, RetryAnyFailure, GoneDisable, 10, DuplicatesInsert, false, HTTPSUnlessAllowed, SecretPolicy{FromEither, AnyForm, 1, 256, hmac}, `ping {"message":"Webhook test from Posthaste"}`}
	github := shape
	github.Ping = `ping {"zen":"Keep it logically awesome.","hook_id":1}`
	standard := shape
	standard.Secret = SecretPolicy{FromEither, StandardForm, 1, 256, []Algorithm{HMACSHA256, Ed25519}}
	for name, want := range map[string]rules{
		"github": github, "stripe": shape, "standard": standard,
		"neiracore": {usual, RetryAnyFailure, GoneRetry, 1, DuplicatesInsert, false, HTTPSUnlessAllowed, SecretPolicy{FromCaller, AnyForm, 1, 256, hmac}, shape.Ping},
		"aicity":    {[]time.Duration{5 * s, 30 * s}, RetryAnyFailure, GoneRetry, 10, DuplicatesUpdate, true, HTTPSUnlessAllowed, SecretPolicy{FromServer, AnyForm, 1, 256, hmac}, `ping {"message":"Webhook test from AI City"}`},
		"agentrail": {
			[]time.Duration{10 * s, 30 * s, 90 * s, 300 * s, 900 * s, 1800 * s, 3600 * s},
			RetryServerErrors, GoneDisable, 0, DuplicatesConflict, false, HTTPSUnlessAllowed,
			SecretPolicy{FromEither, AnyForm, 16, 128, hmac},
			shape.Ping,
		},
	} {
		d := builtinNamed(t, name)
		got := rules{d.Delays, d.RetryOn, d.Gone, d.DisableAfter, d.Duplicates, d.AllTypes, d.HTTPS, d.Secret, d.Ping.Type + " " + string(d.Ping.Data)}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if d.Timeout != 10*s || d.ContentType != "application/json" || !d.StandardHeaders || d.Ping.IDPrefix != "ping_" || d.Description == "" {
			t.Errorf("%s: %s %q %t %q %q", name, d.Timeout, d.ContentType, d.StandardHeaders, d.Ping.IDPrefix, d.Description)
		}
	}
}

// TestCatalogues are N4 and C8, and what the pages name besides.
func TestCatalogues(t *testing.T) {
	t.Parallel()
	legacy := []string{
		"new_matching_request", "direct_offer", "bid_accepted", "bid_rejected", "delivery_received", "review_window_expiring",
		"agreement_cancelled", "dispute_filed", "dispute_resolved", "deadline_approaching",
	}
	sunset := time.Date(2026, 6, 30, 0, 0, 0, 0, time.UTC)
	for name, want := range map[string][]string{
		"neiracore": {
			"thread.message", "thread.created", "task.claimed", "task.submitted", "task.accepted", "task.rejected", "presence.changed",
			"group.member_joined", "marketplace.order",
		},
		"aicity": append([]string{
			"task.assigned", "task.completed", "task.failed", "task.feedback", "task.refunded", "task.disputed", "ping",
			"task_assigned", "task_completed", "task_failed", "feedback_received",
		}, legacy...),
		"agentrail": {"task.updated", "ping"}, "standard": {"subscription.disabled", "ping"}, "github": {"ping"}, "stripe": {"ping"},
	} {
		var got []string
		for _, e := range builtinNamed(t, name).EventTypes {
			got = append(got, e.Name)
			if old := slices.Contains(legacy, e.Name); old != e.Deprecated || old != e.Sunset.Equal(sunset) || !old && !e.Sunset.IsZero() {
				t.Errorf("%s %s: deprecated %t, sunset %s", name, e.Name, e.Deprecated, e.Sunset)
			}
			if e.Description == "" || e.Example != nil && !json.Valid(e.Example) {
				t.Errorf("%s %s: %q %s", name, e.Name, e.Description, e.Example)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestOperatorsFile adds two dialects and changes a value of a built-in one.
func TestOperatorsFile(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/operator.yaml")
	if err != nil {
		t.Fatal(err)
	}
	set := loaded(t, string(text))
	if diff := cmp.Diff([]string{"agentrail", "aicity", "github", "neiracore", "partner", "partner-eu", "standard", "stripe"}, set.Names()); diff != "" {
		t.Error(diff)
	}

	city, plain := named(t, set, "aicity"), builtinNamed(t, "aicity")
	if diff := cmp.Diff([]time.Duration{time.Second, time.Minute}, city.Delays); diff != "" || city.Gone != plain.Gone || city.HTTPS != plain.HTTPS {
		t.Errorf("aicity: %s, gone %s, https %s", diff, city.Gone, city.HTTPS)
	}
	in := testDelivery()
	if diff := cmp.Diff(string(plain.AppendBody(nil, in)), string(city.AppendBody(nil, in))); diff != "" {
		t.Error(diff)
	}
	if len(city.EventTypes) != len(plain.EventTypes)+1 || city.EventTypes[2].Description != "A task has failed." {
		t.Errorf("aicity has %d types, the third is %q", len(city.EventTypes), city.EventTypes[2].Description)
	}

	partner, eu := named(t, set, "partner"), named(t, set, "partner-eu")
	want := `{"kind":"task.claimed","at":1768473000,"version":3,"subject":"order 18","region":"none","payload":{"taskId":"t1", "taskVersion": 3, "n":1.0,"text":"é <b>"}}`
	if diff := cmp.Diff(want, string(partner.AppendBody(nil, in))); diff != "" {
		t.Error(diff)
	}
	h := eu.Header(in, testNow, nil, signerOf(t, eu, testSecret))
	if get(t, h, "X-Partner-Region") != "eu" || get(t, h, "X-Partner-Event") != "task.claimed" || h["X-Partner-Task"] != nil {
		t.Errorf("partner-eu: %v", h)
	}
	if eu.Timeout != 5*time.Second || partner.Timeout != 20*time.Second || eu.DisableAfter != 0 || partner.DisableAfter != 50 {
		t.Errorf("timeouts %s %s, disabled after %d %d", partner.Timeout, eu.Timeout, partner.DisableAfter, eu.DisableAfter)
	}
}

// TestDefaultDialect may be one of the operator's own.
func TestDefaultDialect(t *testing.T) {
	t.Parallel()
	config := Config{DialectsFile: write(t, "dialects:\n- {name: x, extends: y}\n- {name: y, extends: stripe, timeout: 7s}\n"), DefaultDialect: "x"}
	set, err := config.Load()
	if err != nil {
		t.Fatal(err)
	}
	if d := set.Default(); d.Name != "x" || d.Timeout != 7*time.Second || d.Scheme.SignatureHeader != "Stripe-Signature" || d.Scheme.Name != "x" {
		t.Errorf("%+v", d.Scheme)
	}
}

// TestReplaceBuiltin: an entry that extends another dialect leaves nothing of
// the built-in one whose name it has.
func TestReplaceBuiltin(t *testing.T) {
	t.Parallel()
	for _, extends := range []string{"", "extends: aicity, "} {
		kept := named(t, loaded(t, "dialects:\n- {name: aicity, "+extends+"disable_after: 3}\n"), "aicity")
		if kept.Scheme.SignatureHeader != "X-City-Signature" || kept.DisableAfter != 3 {
			t.Errorf("%q: %s, %d", extends, kept.Scheme.SignatureHeader, kept.DisableAfter)
		}
	}
	replaced := named(t, loaded(t, "dialects:\n- {name: aicity, extends: stripe}\n"), "aicity")
	if replaced.Scheme.SignatureHeader != "Stripe-Signature" || replaced.AllTypes {
		t.Errorf("%s, all types %t", replaced.Scheme.SignatureHeader, replaced.AllTypes)
	}
}
