package control

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/control/internal/subscriptions"
)

func TestCreateWithOverrides(t *testing.T) {
	t.Parallel()
	h := start(t)
	a := h.do(t, http.MethodPost, collection, with(`"timeout":"2500ms","headers":{"X-Team":"value-of-team","authorization":"value-of-auth"},
		"disableAfter":0,"rateLimit":{"deliveries":90,"per":"60s"},"contentType":"application/vnd.acme+json; v=1","sendTraceparent":false,"filters":{"pattern":{"amount":[{"numeric":[">",100]}]}},"signingAlgorithm":"hmac_sha256"`))
	got := a.one(t, http.StatusCreated).Data
	type overrides struct {
		Timeout, ContentType string
		DisableAfter         int
		Headers              map[string]string
		Pattern              string
		RateLimit            subscriptions.EventSubscriptionRateLimit
	}
	if got.RateLimit == nil {
		t.Fatalf("no rate in %s", a.Text)
	}
	if got.SendTraceparent == nil || *got.SendTraceparent {
		t.Errorf("its POSTs have a traceparent: %s", a.Text)
	}
	want := overrides{
		"2.5s", "application/vnd.acme+json; v=1", 0,
		map[string]string{"X-Team": "[secret]", "authorization": "[secret]"},
		`{"amount":[{"numeric":[">",100]}]}`,
		subscriptions.EventSubscriptionRateLimit{Deliveries: 90, Per: "1m"},
	}
	if diff := cmp.Diff(want, overrides{got.Timeout, got.ContentType, got.DisableAfter, got.Headers, string(got.Filters.Pattern), *got.RateLimit}); diff != "" {
		t.Error(diff)
	}
	sub, opened := h.opened(t, got.ID)
	if diff := cmp.Diff(&posthastev1.RateLimit{Deliveries: 90, Per: durationpb.New(time.Minute)}, sub.GetRateLimit(), protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
	if opened.GetHeaders()["X-Team"] != "value-of-team" || len(sub.GetHeaders()) != 0 || string(sub.GetFilters().GetPattern()) != `{"amount":[{"numeric":[">",100]}]}` {
		t.Errorf("stored %v", sub)
	}
	path := collection + "/" + got.ID
	shown := []string{
		a.Text, h.do(t, http.MethodGet, path, "").Text, h.do(t, http.MethodGet, collection, "").Text,
		h.do(t, http.MethodPatch, path, `{"headers":{"X-Team":"value-of-team\n"}}`).Text,
		h.do(t, http.MethodPatch, path, `{"headers":{"X-Team":"value-of-team","x-team":"value-of-other"}}`).Text,
		h.do(t, http.MethodDelete, path, "").Text, h.log.String(),
	}
	for i, text := range shown {
		if strings.Contains(text, "value-of-") {
			t.Errorf("the value of a header is in answer %d: %s", i, text)
		}
	}
}

func TestOverridesRefuse(t *testing.T) {
	t.Parallel()
	h := start(t)
	path := collection + "/" + h.created(t, valid).ID
	for member, c := range map[string]struct{ field, message string }{
		`"timeout":"99ms"`:                                       {"timeout", "from 100ms to 30s"},
		`"timeout":"31s"`:                                        {"timeout", "request-timeout"},
		`"timeout":"soon"`:                                       {"timeout", "a duration such as 5s"},
		`"timeout":5`:                                            {"timeout", "must be a string"},
		`"disableAfter":-1`:                                      {"disableAfter", "0 (never) to 1000"},
		`"disableAfter":1001`:                                    {"disableAfter", "is 1001"},
		`"disableAfter":1.5`:                                     {"disableAfter", "a whole number"},
		`"disableAfter":"1"`:                                     {"disableAfter", "a whole number"},
		`"rateLimit":{}`:                                         {"rateLimit.deliveries", "must be 1 to 100000, is 0"},
		`"rateLimit":{"deliveries":1}`:                           {"rateLimit.per", "from 1s to 24h"},
		`"rateLimit":{"per":"1s"}`:                               {"rateLimit.deliveries", "is 0"},
		`"rateLimit":{"deliveries":-1,"per":"1s"}`:               {"rateLimit.deliveries", "is -1"},
		`"rateLimit":{"deliveries":100001,"per":"1s"}`:           {"rateLimit.deliveries", "must be 1 to 100000"},
		`"rateLimit":{"deliveries":4294967297,"per":"1s"}`:       {"rateLimit.deliveries", "is 4294967297"},
		`"rateLimit":{"deliveries":1.5,"per":"1s"}`:              {"rateLimit.deliveries", "a whole number"},
		`"rateLimit":{"deliveries":1,"per":"999ms"}`:             {"rateLimit.per", "from 1s to 24h"},
		`"rateLimit":{"deliveries":1,"per":"24h1ms"}`:            {"rateLimit.per", "from 1s to 24h"},
		`"rateLimit":{"deliveries":1,"per":"-1s"}`:               {"rateLimit.per", "from 1s to 24h"},
		`"rateLimit":{"deliveries":1,"per":"day"}`:               {"rateLimit.per", "a duration such as 1m"},
		`"rateLimit":{"deliveries":1,"per":1}`:                   {"rateLimit.per", "must be a string"},
		`"rateLimit":{"deliveries":1,"per":"1s","burst":2}`:      {"rateLimit.burst", "unknown field"},
		`"sendTraceparent":"no"`:                                 {"sendTraceparent", "true or false"},
		`"rateLimit":10`:                                         {"rateLimit", "an object"},
		`"contentType":"json"`:                                   {"contentType", "a media type such as application/json"},
		`"contentType":"a/b\r\nX: y"`:                            {"contentType", "a media type"},
		`"contentType":"a/` + rep("b", 127) + `"`:                {"contentType", "at most 128 bytes"},
		`"headers":[]`:                                           {"headers", "an object"},
		`"headers":{"X":1}`:                                      {"headers.X", "a string"},
		`"headers":{"X Y":"z"}`:                                  {"headers.X Y", "no name of a header"},
		`"headers":{"":"z"}`:                                     {"headers.", "no name of a header"},
		`"headers":{"X-A":"1","x-a":"2"}`:                        {"headers.x-a", "is the same header as X-A"},
		`"headers":{"X-A":""}`:                                   {"headers.X-A", "must have a value"},
		`"headers":{"X-A":null}`:                                 {"headers.X-A", "must have a value"},
		`"headers":{"X-A":"[secret]"}`:                           {"headers.X-A", "give the value itself"},
		`"headers":{"X-A":"a\nb"}`:                               {"headers.X-A", "one line"},
		`"headers":{"X-A":"` + rep("x", 1025) + `"}`:             {"headers.X-A", "at most 1024 bytes"},
		`"headers":{` + pairs(21) + `}`:                          {"headers", "at most 20 entries"},
		`"headers":{"Connection":"x"}`:                           {"headers.Connection", "set by Posthaste"},
		`"headers":{"transfer-encoding":"x"}`:                    {"headers.transfer-encoding", "set by Posthaste"},
		`"headers":{"HOST":"x"}`:                                 {"headers.HOST", "set by Posthaste"},
		`"headers":{"Content-Type":"a/b"}`:                       {"headers.Content-Type", "set by Posthaste"},
		`"headers":{"Content-Length":"1"}`:                       {"headers.Content-Length", "set by Posthaste"},
		`"headers":{"webhook-id":"x"}`:                           {"headers.webhook-id", "set by Posthaste"},
		`"headers":{"Webhook-Signature":"x"}`:                    {"headers.Webhook-Signature", "set by Posthaste"},
		`"filters":{"pattern":[]}`:                               {"filters.pattern", ""},
		`"filters":{"pattern":{"a":1}}`:                          {"filters.pattern.a", ""},
		`"filters":{"pattern":{"a":[{"near":1}]}}`:               {"filters.pattern.a[0].near", "is no operator"},
		`"filters":{"pattern":{"a":["` + rep("x", 4100) + `"]}}`: {"filters.pattern", "4096"},
	} {
		t.Run(member[:min(len(member), 40)], func(t *testing.T) {
			t.Parallel()
			h.do(t, http.MethodPost, collection, with(member)).names(t, c.field, c.message)
			h.do(t, http.MethodPatch, path, "{"+member+"}").names(t, c.field, c.message)
		})
	}
	h.do(t, http.MethodPost, collection, with(`"dialect":"aicity","eventTypes":[],"headers":{"X-City-Event":"x"}`)).names(t, "eventTypes", "appears twice")
	h.do(t, http.MethodPost, collection, `{"url":"https://example.com/","dialect":"aicity","headers":{"x-city-event":"x"}}`).names(t, "headers.x-city-event", "set by Posthaste")
	h.do(t, http.MethodPost, collection, with(`"dialect":"github","headers":{"X-Hub-Signature-256":"x"}`)).names(t, "headers.X-Hub-Signature-256", "set by Posthaste")
}

func rep(s string, n int) string { return strings.Repeat(s, n) }

func pairs(n int) string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf(`"X-%d":"v"`, i)
	}
	return strings.Join(all, ",")
}

func TestPatchOverrides(t *testing.T) {
	t.Parallel()
	h := start(t)
	const full = `{"url":"https://example.com/","eventTypes":["a.b"],"timeout":"1s","headers":{"X-A":"1","X-B":"2"},"disableAfter":3,
		"rateLimit":{"deliveries":10,"per":"1s"},"contentType":"text/plain","sendTraceparent":false,"filters":{"taskIds":["t"],"pattern":{"a":["b"]}}}`
	for body, want := range map[string]func(*subscriptions.EventSubscription){
		`{"timeout":"200ms"}`:     func(v *subscriptions.EventSubscription) { v.Timeout = "200ms" },
		`{"timeout":null}`:        func(v *subscriptions.EventSubscription) { v.Timeout = "10s" },
		`{"headers":{"X-C":"3"}}`: func(v *subscriptions.EventSubscription) { v.Headers = map[string]string{"X-C": "[secret]"} },
		`{"headers":{}}`:          func(v *subscriptions.EventSubscription) { v.Headers = nil },
		`{"headers":null}`:        func(v *subscriptions.EventSubscription) { v.Headers = nil },
		`{"disableAfter":0}`:      func(v *subscriptions.EventSubscription) { v.DisableAfter = 0 },
		`{"disableAfter":1000}`:   func(v *subscriptions.EventSubscription) { v.DisableAfter = 1000 },
		`{"disableAfter":null}`:   func(v *subscriptions.EventSubscription) { v.DisableAfter = 10 },
		`{"rateLimit":{"deliveries":1,"per":"24h"}}`: func(v *subscriptions.EventSubscription) {
			v.RateLimit = &subscriptions.EventSubscriptionRateLimit{Deliveries: 1, Per: "24h"}
		},
		`{"rateLimit":{"deliveries":100000,"per":"1s"}}`: func(v *subscriptions.EventSubscription) {
			v.RateLimit = &subscriptions.EventSubscriptionRateLimit{Deliveries: 100_000, Per: "1s"}
		},
		`{"rateLimit":null}`:                  func(v *subscriptions.EventSubscription) { v.RateLimit = nil },
		`{"contentType":"a/b"}`:               func(v *subscriptions.EventSubscription) { v.ContentType = "a/b" },
		`{"contentType":null}`:                func(v *subscriptions.EventSubscription) { v.ContentType = "application/json" },
		`{"sendTraceparent":true}`:            func(v *subscriptions.EventSubscription) { v.SendTraceparent = nil },
		`{"sendTraceparent":null}`:            func(v *subscriptions.EventSubscription) { v.SendTraceparent = nil },
		`{"sendTraceparent":false}`:           func(*subscriptions.EventSubscription) {},
		`{"filters":{"pattern":{"c":["d"]}}}`: func(v *subscriptions.EventSubscription) { v.Filters.Pattern = []byte(`{"c":["d"]}`) },
		`{"filters":{"pattern":null}}`:        func(v *subscriptions.EventSubscription) { v.Filters.Pattern = nil },
		`{"filters":{"taskIds":["u"]}}`:       func(v *subscriptions.EventSubscription) { v.Filters.TaskIDs = []string{"u"} },
		`{"filters":null}`: func(v *subscriptions.EventSubscription) {
			v.Filters = subscriptions.EventSubscriptionFilters{TaskIDs: []string{}}
		},
	} {
		before := h.created(t, full)
		got := h.do(t, http.MethodPatch, collection+"/"+before.ID, body).one(t, http.StatusOK).Data
		want(&before)
		before.Secret, before.UpdatedAt = "", got.UpdatedAt
		if diff := cmp.Diff(before, got); diff != "" {
			t.Errorf("%s: %s", body, diff)
		}
	}
}
