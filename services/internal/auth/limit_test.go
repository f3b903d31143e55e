package auth

import (
	"errors"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/problem"
	"github.com/posthaste/posthaste/services/internal/testbed"
)

func TestAdmit(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_000_000, 0)
	who := Principal{use: &use{limit: newLimit(2, 3)}}
	for i, want := range []struct {
		after              time.Duration
		remaining, resetIn string
		wait               time.Duration
	}{
		{0, "2", "1", 0},
		{0, "1", "1", 0},
		{0, "0", "2", 0}, // one token in half a second
		{0, "0", "2", 500 * time.Millisecond},
		{250 * time.Millisecond, "0", "2", 250 * time.Millisecond}, // a refusal costs nothing
		{500 * time.Millisecond, "0", "2", 0},
		{time.Hour, "2", "1", 0},
	} {
		h := http.Header{}
		err := who.Admit(h, now.Add(want.after))
		var p *problem.Error
		errors.As(err, &p)
		if (p == nil) != (want.wait == 0) || p != nil && (p.Status != http.StatusTooManyRequests || p.Code != "rate_limited" || p.RetryAfter != want.wait) {
			t.Errorf("%d: %+v", i, p)
		}
		for name, told := range map[string]string{headerLimit: "3", headerRemaining: want.remaining, headerReset: want.resetIn} {
			if got := strings.Join(h[name], ","); got != told {
				t.Errorf("%d: %s is %s, want %s", i, name, got, told)
			}
		}
	}
	for name, free := range map[string]Principal{"bootstrap": {}, "no rate": {use: &use{limit: newLimit(0, 5)}}} {
		h := http.Header{}
		if err := free.Admit(h, now); err != nil || len(h) != 0 {
			t.Errorf("%s: %v %v", name, err, h)
		}
	}
}

func TestNeed(t *testing.T) {
	t.Parallel()
	who := Principal{Scopes: EventsRead | Admin}
	for scopes, want := range map[Scopes]string{
		0: "", EventsRead: "", EventsRead | Admin: "",
		EventsWrite: "The key lacks the scope events:write.", WebhooksRead | Admin: "The key lacks the scope webhooks:read.",
	} {
		err := who.Need(scopes)
		if (err == nil) != (want == "") || err != nil && (err.Error() != want || status(err) != http.StatusForbidden) {
			t.Errorf("%s: %v", scopes, err)
		}
	}
	if (Principal{Tenant: "a"}).Sees("b") || (Principal{}).Sees("") || !(Principal{Tenant: "a"}).Sees("a") || !(Principal{Operator: true}).Sees("") {
		t.Error("who sees what")
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	for text, cfg := range map[string]Config{
		"":                              {Rate: 1, Burst: 1},
		"api-key-rate: must be 0":       {Rate: -1, Burst: 1},
		"to 1000000, is NaN":            {Rate: math.NaN(), Burst: 1},
		"api-key-burst: must be 1 to 1": {Rate: 1},
	} {
		if err := cfg.Validate(); (err == nil) != (text == "") || err != nil && !strings.Contains(err.Error(), text) {
			t.Errorf("%+v: %v", cfg, err)
		}
	}
}

// What a request costs on ingest's way: no I/O, and little else.
func BenchmarkAdmission(b *testing.B) {
	h := process(b, testbed.StartNATS(b).URL())
	fast, free := acme(), acme()
	fast.Rate, free.Rate = &posthastev1.ApiKeyRate{RequestsPerSecond: MaxRate, Burst: MaxBurst}, &posthastev1.ApiKeyRate{Burst: 1}
	_, limited := h.made(b, fast)
	_, unlimited := h.made(b, free)
	for name, token := range map[string]string{"bootstrap": key, "limited": limited, "unlimited": unlimited} {
		r := request(token)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			header := make(http.Header, 8)
			for b.Loop() {
				who, err := h.Authenticate(r)
				if err == nil {
					err = who.Admit(header, h.now())
				}
				if err == nil {
					err = who.Need(EventsWrite)
				}
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
