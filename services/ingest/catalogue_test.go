package ingest

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/catalogue"
	"github.com/posthaste/posthaste/services/internal/settings"
	"github.com/posthaste/posthaste/services/internal/tenant"
	"github.com/posthaste/posthaste/services/internal/testbed"
)

// newTypes is an ingest with a catalogue and tenants that run.
func newTypes(t *testing.T, types ...*posthastev1.EventType) *harness {
	t.Helper()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	h := newHarness(t, func(c *configs) {
		c.deps = func(d *Deps) {
			log := slog.New(slog.DiscardHandler)
			owners, err := tenant.Open(t.Context(), d.Bus, log)
			if err != nil {
				t.Fatal(err)
			}
			known, err := catalogue.Open(t.Context(), d.Bus, settings.Defaults[catalogue.Config](), owners, nil, log)
			if err != nil {
				t.Fatal(err)
			}
			testbed.Running(t, owners.Run)
			testbed.Running(t, known.Run)
			for _, pb := range types {
				_, revision, err := known.Put(t.Context(), pb, now.AddDate(0, 0, -1))
				if err != nil {
					t.Fatal(err)
				}
				if err := known.Await(t.Context(), revision); err != nil {
					t.Fatal(err)
				}
			}
			for name, level := range map[string]posthastev1.EventTypeEnforcement{"strict": 3, "schema": 2} {
				_, revision, err := owners.Put(t.Context(), &posthastev1.Tenant{Name: name, Enforcement: level}, now)
				if err != nil {
					t.Fatal(err)
				}
				if err := owners.Await(t.Context(), revision); err != nil {
					t.Fatal(err)
				}
			}
			d.Catalogue = known
		}
	})
	h.now = func() time.Time { return now }
	return h
}

func TestCatalogueRefuses(t *testing.T) {
	t.Parallel()
	h := newTypes(t, &posthastev1.EventType{Name: "order", Schema: []byte(`{"required":["amount"],"properties":{"amount":{"type":"number"}}}`)})
	const good = `{"tenant":"schema","type":"order","data":{"amount":1}}`
	const unknown = "is not in the catalogue of tenant strict, and the tenant's enforcement is known; add the type first"
	for body, want := range map[string]string{
		`{"tenant":"schema","type":"order","data":{"amount":"1"}}`:               invalid("data.amount", "must be a number, is a string"),
		`[` + good + `,{"tenant":"schema","type":"order","data":{"amount":[]}}]`: invalid("[1].data.amount", "must be a number, is an array"),
		`[` + good + `,{"tenant":"strict","type":"other","data":1}]`:             invalid("[1].type", unknown),
		`{"tenant":"strict","type":"other","data":1}`:                            invalid("type", unknown),
		`{"tenant":"strict","type":"order","data":{}}`:                           invalid("data.amount", "is required"),
		`{"tenant":"strict","type":"other."}`:                                    invalid("type", "empty token at byte 6"), // what is no event at all comes first
	} {
		h.post(body).want(t, http.StatusBadRequest, want)
	}
	h.post(`{"specversion":"1.0","id":"1","source":"s","type":"other"}`, "Content-Type", "application/cloudevents+json").want(t, http.StatusAccepted, `{"data":[{"id":"1","duplicate":false}]}`)
	if got := h.count(); got != 1 {
		t.Errorf("%d events are stored, want the one that was accepted", got)
	}
	for i, body := range []string{
		`{"id":"%d","tenant":"schema","type":"order","data":{"amount":1}}`,
		`{"id":"%d","tenant":"schema","type":"other","data":1}`,
		`{"id":"%d","tenant":"free","type":"order","data":1}`,
	} {
		r := h.post(fmt.Sprintf(body, i))
		r.want(t, http.StatusAccepted, fmt.Sprintf(`{"data":[{"id":"%d","duplicate":false}]}`, i))
		if r.header.Get("Deprecation") != "" || r.header.Get("Sunset") != "" {
			t.Errorf("%v", r.header)
		}
	}
}

func TestCatalogueWarns(t *testing.T) {
	t.Parallel()
	later := timestamppb.New(time.Date(2026, 6, 30, 0, 0, 0, 0, time.UTC))
	past := timestamppb.New(time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC))
	h := newTypes(t,
		&posthastev1.EventType{Name: "old", Deprecated: true},
		&posthastev1.EventType{Name: "older", Deprecated: true, Sunset: later},
		&posthastev1.EventType{Name: "gone", Sunset: past})
	r := h.post(`[{"id":"1","type":"new","data":1},{"id":"2","type":"older","data":1},{"id":"3","type":"old","data":1}]`)
	r.want(t, http.StatusAccepted, `{"data":[{"id":"1","duplicate":false},{"id":"2","duplicate":false},{"id":"3","duplicate":false}],"warnings":[`+
		`{"id":"2","type":"older","message":"type older is deprecated; its sunset is on 2026-06-30"},`+
		`{"id":"3","type":"old","message":"type old is deprecated"}]}`)
	deprecation := fmt.Sprintf("@%d", time.Date(2026, 2, 28, 12, 0, 0, 0, time.UTC).Unix())
	if got := r.header.Get("Deprecation"); got != deprecation || r.header.Get("Sunset") != "Tue, 30 Jun 2026 00:00:00 GMT" {
		t.Errorf("Deprecation %q, Sunset %q", got, r.header.Get("Sunset"))
	}
	r = h.post(`{"id":"4","type":"gone","data":1}`)
	r.want(t, http.StatusAccepted, `{"data":[{"id":"4","duplicate":false}],"warnings":[{"id":"4","type":"gone","message":"type gone is past its sunset of 2026-02-01; stop publishing it"}]}`)
	if got := r.header.Get("Deprecation"); got != fmt.Sprintf("@%d", past.AsTime().Unix()) || r.header.Get("Sunset") != "Sun, 01 Feb 2026 00:00:00 GMT" {
		t.Errorf("Deprecation %q, Sunset %q: the sunset must not come before the deprecation", got, r.header.Get("Sunset"))
	}
	// A refused request warns of nothing.
	if r := h.post(`[{"type":"old","data":1},{"type":"old"}]`); r.status != http.StatusBadRequest || r.header.Get("Deprecation") != "" {
		t.Errorf("answer %d, Deprecation %q", r.status, r.header.Get("Deprecation"))
	}
}

// The log has a line for each type and minute, not for each event.
func TestWarningsInTheLog(t *testing.T) {
	t.Parallel()
	h := newTypes(t, &posthastev1.EventType{Name: "old", Deprecated: true})
	now := h.now()
	h.now = func() time.Time { return now }
	lines := func() int {
		return strings.Count(h.seen.String(), `level=WARN msg="events of a type are published that is on its way out" tenant=`)
	}
	for range 3 {
		h.post(`[{"type":"old","data":1},{"type":"old","data":1}]`)
	}
	if n := lines(); n != 1 {
		t.Errorf("%d lines after three requests in one minute", n)
	}
	h.post(`{"type":"old","data":1,"tenant":"acme"}`)
	if n := lines(); n != 2 {
		t.Errorf("%d lines, want one for each tenant", n)
	}
	now = now.Add(sayAgain)
	h.post(`{"type":"old","data":1}`)
	if n := lines(); n != 3 {
		t.Errorf("%d lines, want one more in the next minute", n)
	}
}

func TestWarningsAreBounded(t *testing.T) {
	t.Parallel()
	h := newTypes(t, &posthastev1.EventType{Name: "old", Deprecated: true})
	r := h.post("[" + strings.Repeat(`{"type":"old","data":1},`, maxWarnings) + `{"type":"old","data":1}]`)
	var answer accepted
	if err := json.Unmarshal([]byte(r.body), &answer); err != nil || len(answer.Data) != maxWarnings+1 || len(answer.Warnings) != maxWarnings {
		t.Errorf("%d events, %d warnings, %v", len(answer.Data), len(answer.Warnings), err)
	}

	var s said
	now := h.now()
	for i := range maxSaid {
		if !s.may(typeOf{"a", fmt.Sprint("type", i)}, now) {
			t.Fatal("a new type was passed over")
		}
	}
	if s.may(typeOf{"a", "more"}, now) || len(s.last) != maxSaid {
		t.Errorf("%d types are remembered", len(s.last))
	}
	if !s.may(typeOf{"a", "more"}, now.Add(sayAgain)) || len(s.last) != 1 {
		t.Errorf("%d types are remembered a minute later", len(s.last))
	}
}
