package client_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/posthaste/posthaste/pkg/client"
)

func TestSentinels(t *testing.T) {
	t.Parallel()
	all := []error{
		client.ErrValidation, client.ErrUnauthorized, client.ErrForbidden, client.ErrNotFound, client.ErrConflict, client.ErrCursorExpired,
		client.ErrEventExpired, client.ErrRateLimited, client.ErrUnavailable,
	}
	for _, test := range []struct {
		status int
		code   string
		want   error
	}{
		{400, "validation_error", client.ErrValidation},
		{401, "unauthorized", client.ErrUnauthorized},
		{403, "insufficient_scope", client.ErrForbidden},
		{404, "not_found", client.ErrNotFound},
		{409, "conflict", client.ErrConflict},
		{410, "cursor_expired", client.ErrCursorExpired},
		{410, "event_expired", client.ErrEventExpired},
		{429, "rate_limited", client.ErrRateLimited},
		{503, "unavailable", client.ErrUnavailable},
		{500, "internal_error", nil},
	} {
		c := serve(t, answer(test.status, `{"error":{"code":"`+test.code+`","message":"m","details":{}}}`), client.WithRetry(0))
		_, err := c.Deliveries.Get(t.Context(), "d1")
		for _, sentinel := range all {
			if want := errors.Is(test.want, sentinel); errors.Is(err, sentinel) != want {
				t.Errorf("%d: errors.Is(%v) = %t", test.status, sentinel, !want)
			}
		}
		if want := fmt.Sprintf("GET /v1/deliveries/d1: %d %s: m", test.status, test.code); err.Error() != want {
			t.Errorf("%q, want %q", err, want)
		}
	}
}

func TestErrorMembers(t *testing.T) {
	t.Parallel()
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "7")
		w.Header().Set("X-Request-Id", "req-1")
		answer(400, `{"error":{"code":"validation_error","message":"url: is required","details":{"limit":3,"fields":[{"field":"url","message":"is required"}]}}}`)(w, r)
	})
	_, err := c.EventSubscriptions.Create(t.Context(), client.CreateEventSubscription{})
	var e *client.Error
	if !errors.As(err, &e) {
		t.Fatal(err)
	}
	if e.RetryAfter != 7*time.Second || e.RequestID != "req-1" || e.Details["limit"] != 3.0 || len(e.Fields) != 1 || e.Fields[0] != (client.FieldError{Field: "url", Message: "is required"}) {
		t.Errorf("%+v", e)
	}
	if want := "POST /v1/event-subscriptions: 400 validation_error: url: is required (request req-1)"; err.Error() != want {
		t.Errorf("%q, want %q", err, want)
	}
}

// TestStrangers: what does not come from Posthaste is told as such, and none of
// it is shown.
func TestStrangers(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		handler http.HandlerFunc
		want    string
	}{
		"a proxy": {answer(502, "<html>secret"), "GET /v1/tenants/acme: 502: not an answer of Posthaste's API (Bad Gateway)"},
		"a redirect": {
			func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "https://else.where/", http.StatusFound)
			},
			`GET /v1/tenants/acme: 302: redirected to "https://else.where/", which is not followed; make the API's own address the base URL`,
		},
		"a page": {answer(200, "<html>secret"), "GET /v1/tenants/acme: the answer with status 200 is not as expected; is the base URL that of Posthaste's API? invalid character '<' looking for beginning of value"},
	} {
		c := serve(t, test.handler)
		if _, err := c.Tenants.Get(t.Context(), "acme"); err == nil || err.Error() != test.want {
			t.Errorf("%s: %v, want %s", name, err, test.want)
		}
	}
}

func TestTooLarge(t *testing.T) {
	t.Parallel()
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.CopyN(w, endless{}, 17<<20)
	})
	if _, err := c.Tenants.List(t.Context()); !errors.Is(err, client.ErrTooLarge) {
		t.Error(err)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

func TestIDs(t *testing.T) {
	t.Parallel()
	c := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("a request was made") })
	for _, id := range []string{"", ".", ".."} {
		if err := c.EventSubscriptions.Delete(t.Context(), id); err == nil || !strings.HasSuffix(err.Error(), `the id must not be empty, "." or ".."`) {
			t.Errorf("%q: %v", id, err)
		}
	}
}

func TestUnencodable(t *testing.T) {
	t.Parallel()
	c := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("a request was made") })
	if _, _, err := c.Events.Send(t.Context(), client.NewEvent{Type: "a", Data: func() {}}); err == nil || !strings.Contains(err.Error(), "POST /v1/events: encode the request: ") {
		t.Error(err)
	}
	if result, err := c.Events.SendBatch(t.Context(), nil); err != nil || len(result.Data) != 0 {
		t.Error(result, err)
	}
}

func TestShortAnswerToSend(t *testing.T) {
	t.Parallel()
	c := serve(t, answer(202, `{"data":[]}`))
	if _, _, err := c.Events.Send(t.Context(), client.NewEvent{Type: "a"}); err == nil {
		t.Error("an answer without the event was taken")
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	const key = "good-key"
	for name, test := range map[string]struct {
		url, key string
		opt      client.Option
		want     string
	}{
		"no URL":         {"", key, nil, "client: the base URL must look like https://host or http://host:8080"},
		"no scheme":      {"localhost:8080", key, nil, "client: the base URL must look like https://host or http://host:8080"},
		"another scheme": {"ftp://h", key, nil, "client: the base URL must look like https://host or http://host:8080"},
		"a password":     {"https://u:hush@h", key, nil, "client: the base URL must have no user or password; give the API key instead"},
		"a bad escape":   {"https://u:hush%zz@h", key, nil, "client: the base URL must look like https://host or http://host:8080"},
		"a query":        {"https://h/?a", key, nil, "client: the base URL must have no query and no fragment"},
		"no key":         {"https://h", "", nil, "client: the API key must be printable ASCII without spaces, and not empty"},
		"a key of lines": {"https://h", "hush\nhush", nil, "client: the API key must be printable ASCII without spaces, and not empty"},
		"nil client":     {"https://h", key, client.WithHTTPClient(nil), "client: the HTTP client must not be nil"},
		"negative retry": {"https://h", key, client.WithRetry(-1), "client: the time for retries must not be below zero"},
		"bad user agent": {"https://h", key, client.WithUserAgent("a\n"), "client: the user agent must be printable ASCII"},
	} {
		opts := []client.Option{}
		if test.opt != nil {
			opts = append(opts, test.opt)
		}
		if _, err := client.New(test.url, test.key, opts...); err == nil || err.Error() != test.want {
			t.Errorf("%s: %v, want %s", name, err, test.want)
		}
	}
}

func TestBaseURL(t *testing.T) {
	t.Parallel()
	var uri string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		uri = r.RequestURI
		answer(200, `{"data":[]}`)(w, r)
	}))
	defer server.Close()
	for suffix, want := range map[string]string{
		"": "/v1/dialects", "/": "/v1/dialects", "/v1": "/v1/dialects", "/v1/": "/v1/dialects", "/prefix/": "/prefix/v1/dialects", "/prefix/v1": "/prefix/v1/dialects",
	} {
		c := clientFor(t, server.URL+suffix)
		if _, err := c.Dialects.List(t.Context()); err != nil || uri != want {
			t.Errorf("%q: %s, want %s; %v", suffix, uri, want, err)
		}
	}
}

// TestKeyIsHidden: no way of printing, and no error, tells the key.
func TestKeyIsHidden(t *testing.T) {
	t.Parallel()
	c := serve(t, answer(500, ""), client.WithUserAgent("mine/1"), client.WithHTTPClient(&http.Client{}))
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x", "%q"} {
		fmt.Fprintf(&out, verb+verb+verb+"\n", c, *c, c.Events)
	}
	for _, log := range []*slog.Logger{slog.New(slog.NewTextHandler(&out, nil)), slog.New(slog.NewJSONHandler(&out, nil))} {
		log.Info("client", "client", c, "secret", client.Secret("whsec_hush"))
	}
	_, err := c.Dialects.List(t.Context())
	fmt.Fprintln(&out, err, c)
	away := clientFor(t, "http://127.0.0.1:1", client.WithRetry(0), client.WithTenant("acme"))
	_, err = away.Dialects.List(t.Context())
	fmt.Fprintf(&out, "%v %+v %#v\n", err, err, err)
	fmt.Fprintf(&out, "%v %d %#v\n", client.Secret("whsec_hush"), client.Secret("whsec_hush"), struct{ S client.Secret }{"whsec_hush"})
	for _, hidden := range []string{testKey, "whsec_hush", fmt.Sprintf("%x", testKey)} {
		if strings.Contains(out.String(), hidden) {
			t.Errorf("%s is in %s", hidden, out.String())
		}
	}
	if !strings.Contains(out.String(), c.String()) || client.Secret("whsec_hush").Reveal() != "whsec_hush" || client.Secret("").String() != "" {
		t.Errorf("%s", out.String())
	}
}
