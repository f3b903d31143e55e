package client_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/posthaste/posthaste/pkg/client"
)

// a callTest is one method: what it sends, and what it makes of the answer.
type callTest struct {
	call        func(context.Context, *client.Client) (any, error)
	method, uri string
	body        string // "" for none
	keyed       bool   // it has an Idempotency-Key
	status      int
	answer      string
	want        string // the result as JSON
}

// seen is a request as it came.
type seen struct {
	method, uri, body string
	header            http.Header
}

func (test *callTest) run(t *testing.T, opts ...client.Option) (seen, any) {
	t.Helper()
	var got seen
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = seen{r.Method, r.URL.RequestURI(), string(body), r.Header}
		answer(test.status, test.answer)(w, r)
	}, opts...)
	result, err := test.call(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return got, result
}

func (test *callTest) check(t *testing.T) {
	t.Helper()
	got, result := test.run(t)
	if got.method != test.method || got.uri != test.uri || got.body != test.body {
		t.Errorf("sent %s %s %s\nwant %s %s %s", got.method, got.uri, got.body, test.method, test.uri, test.body)
	}
	test.checkHeader(t, got.header)
	shown, err := json.Marshal(result)
	if err != nil {
		t.Fatal(err)
	}
	if string(shown) != test.want {
		t.Errorf("result %s\nwant   %s", shown, test.want)
	}
}

func (test *callTest) checkHeader(t *testing.T, h http.Header) {
	t.Helper()
	if h.Get("Authorization") != "Bearer "+testKey || h.Get("Accept") != "application/json" || h.Get("User-Agent") != "posthaste-client-go" {
		t.Errorf("header %v", h)
	}
	if key := h.Get("Idempotency-Key"); test.keyed != (len(key) >= 8 && len(key) <= 128) {
		t.Errorf("idempotency key %q, want one: %t", key, test.keyed)
	}
	if hasType := h.Get("Content-Type") == "application/json"; hasType != (test.body != "") {
		t.Errorf("content type %q with body %q", h.Get("Content-Type"), test.body)
	}
}

func day(n int) time.Time { return time.Date(2026, 1, n, 10, 30, 0, 0, time.UTC) }

// errOnly makes a result of a method that has none.
func errOnly(err error) (any, error) { return nil, err }

func TestCalls(t *testing.T) {
	t.Parallel()
	for name, tests := range map[string]map[string]callTest{
		"subscriptions": subscriptionCalls, "subscription verbs": subscriptionVerbs, "deliveries": deliveryCalls, "endpoints": endpointCalls, "replays": replayCalls,
		"events": eventCalls, "catalogue": catalogueCalls, "tenants": tenantCalls, "API keys": apiKeyCalls, "webhooks": webhookCalls, "AI City": aiCityCalls,
	} {
		for call, test := range tests {
			t.Run(name+"/"+call, func(t *testing.T) {
				t.Parallel()
				test.check(t)
			})
		}
	}
}

// TestTenant: every call names the tenant beside its own query.
func TestTenant(t *testing.T) {
	t.Parallel()
	list := eventCalls["List"]
	got, _ := list.run(t, client.WithTenant("acme & co"))
	if want := "/v1/events?after=c1&limit=7&tenant=acme+%26+co&types=a%2Cb.%2A"; got.uri != want {
		t.Errorf("%s, want %s", got.uri, want)
	}
	send := eventCalls["SendBatch"]
	got, _ = send.run(t, client.WithTenant("acme"))
	if want := `[{"id":"e1","type":"a","data":{"n":1},"tenant":"acme"},{"id":"e2","type":"b","data":null,"tenant":"beta"}]`; got.body != want {
		t.Errorf("%s, want %s", got.body, want)
	}
}

func TestForTenant(t *testing.T) {
	t.Parallel()
	var uris []string
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		uris = append(uris, r.URL.RequestURI())
		answer(200, `{"data":[]}`)(w, r)
	}, client.WithTenant("one"))
	for _, c := range []*client.Client{c, c.ForTenant("two"), c} {
		if _, err := c.Dialects.List(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if uris[0] != "/v1/dialects?tenant=one" || uris[1] != "/v1/dialects?tenant=two" || uris[2] != uris[0] {
		t.Error(uris)
	}
}
