package httpserver

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

func ask(h http.Handler, method, path string) answer {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, path, nil))
	return answer{status: w.Code, body: w.Body.String()}
}

func TestAdmin(t *testing.T) {
	t.Parallel()
	metrics := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "numbers") })
	var away error
	var bounded bool
	checks := []Check{{"nats", func(ctx context.Context) error {
		_, bounded = ctx.Deadline()
		return away
	}}, {"subscriptions", func(context.Context) error { return nil }}}
	h := Admin(metrics, false, func() []Check { return checks })

	for path, want := range map[string]answer{
		"/healthz":      {status: 200, body: `{"status":"ok"}` + "\n"},
		"/readyz":       {status: 200, body: `{"nats":"ok","status":"ready","subscriptions":"ok"}` + "\n"},
		"/metrics":      {status: 200, body: "numbers"},
		"/":             {status: 404, body: "404 page not found\n"},
		"/debug/pprof/": {status: 404, body: "404 page not found\n"},
	} {
		if got := ask(h, http.MethodGet, path); got != want {
			t.Errorf("%s: %+v, want %+v", path, got, want)
		}
	}
	if !bounded {
		t.Error("a check may take for ever")
	}
	away = errors.New("NATS is not connected")
	want := answer{status: 503, body: `{"nats":"NATS is not connected","status":"not ready","subscriptions":"ok"}` + "\n"}
	if got := ask(h, http.MethodGet, "/readyz"); got != want {
		t.Errorf("not ready: %+v, want %+v", got, want)
	}
	if got := ask(h, http.MethodGet, "/healthz"); got.status != 200 {
		t.Errorf("alive although not ready: %+v", got)
	}
	if got := ask(h, http.MethodPost, "/readyz"); got.status != http.StatusMethodNotAllowed {
		t.Errorf("POST: %+v", got)
	}
	if got := ask(Admin(metrics, true, func() []Check { return nil }), http.MethodGet, "/debug/pprof/"); got.status != 200 {
		t.Errorf("pprof: %d", got.status)
	}
}
