package control

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/posthaste/posthaste/services/internal/testbed"
)

func TestWithoutNATS(t *testing.T) {
	t.Parallel()
	h := start(t, func(c *Config, _ *Deps) { c.StoreTimeout = 300 * time.Millisecond })
	path := collection + "/" + h.created(t, valid).ID
	h.stopNATS()
	testbed.Eventually(t, "the connection is lost", func() bool { return !h.bus.Connected() })
	for _, c := range []struct{ method, path, body string }{
		{http.MethodPost, collection, valid},
		{http.MethodGet, path, ""},
		{http.MethodGet, collection + "/evsub_unknown", ""},
		{http.MethodPatch, path, `{"description":"x"}`},
		{http.MethodDelete, path, ""},
		{http.MethodPost, path + "/enable", ""},
		{http.MethodPost, path + "/disable", ""},
	} {
		a := h.do(t, c.method, c.path, c.body)
		a.refused(t, http.StatusServiceUnavailable, "unavailable")
		if a.Header.Get("Retry-After") != "1" || strings.Contains(a.Text, "nats") {
			t.Errorf("%s %s: %v %s", c.method, c.path, a.Header, a.Text)
		}
	}
	if got := h.do(t, http.MethodGet, collection, "").many(t); len(got.Data) != 1 {
		t.Errorf("the list is in memory: %+v", got)
	}
	h.do(t, http.MethodPost, collection, `{}`).names(t, "url", "is required") // still told what is wrong
}

// The bucket is gone but NATS is there: nothing that the client can wait out
// in a second, yet not its mistake.
func TestWithoutBucket(t *testing.T) {
	t.Parallel()
	h := start(t, func(c *Config, _ *Deps) { c.StoreTimeout = 300 * time.Millisecond })
	if err := h.bus.JS.DeleteKeyValue(t.Context(), "subscriptions"); err != nil {
		t.Fatal(err)
	}
	if a := h.do(t, http.MethodPost, collection, valid); a.Status < 500 || strings.Contains(a.Text, "subscriptions.") {
		t.Errorf("%d %s", a.Status, a.Text)
	}
}

// A watcher that does not run: the change is stored and answered all the same.
func TestAnswersWhereTheIndexLags(t *testing.T) {
	t.Parallel()
	other := start(t)
	h := start(t, func(c *Config, d *Deps) {
		c.ApplyTimeout = 20 * time.Millisecond
		d.Store = other.deps.Store
	})
	id := h.created(t, valid).ID
	h.do(t, http.MethodPatch, collection+"/"+id, `{"description":"x"}`).one(t, http.StatusOK)
	testbed.Eventually(t, "the lag is logged", func() bool { return strings.Contains(h.log.String(), "not in effect yet") })
}

func TestRunServesAndStops(t *testing.T) {
	t.Parallel()
	h := start(t, func(_ *Config, d *Deps) { d.Listen, d.Grace = "127.0.0.1:0", time.Second })
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx) }()
	h.url = "http://" + h.Addr()
	h.created(t, valid)
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestRunWithoutAddressWaits(t *testing.T) {
	t.Parallel()
	h := start(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := h.Run(ctx); err != nil || h.Addr() != "" {
		t.Errorf("%v, %q", err, h.Addr())
	}
}

func TestTwoInOneProcessBesideAnother(t *testing.T) {
	t.Parallel()
	a, b := start(t), start(t)
	mux := http.NewServeMux()
	a.Mount(mux)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	for _, c := range []struct {
		path string
		want int
	}{{collection, 200}, {collection + "/x", 404}, {openAPIPath, 200}, {"/v1/events", http.StatusTeapot}} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+adminKey)
		w := &recorder{header: http.Header{}}
		mux.ServeHTTP(w, r)
		if w.status != c.want {
			t.Errorf("%s: %d, want %d", c.path, w.status, c.want)
		}
	}
	a.do(t, http.MethodGet, collection+"?limit=0", "").names(t, "limit", "")
	b.do(t, http.MethodGet, collection+"?limit=0", "").names(t, "limit", "")
}

type recorder struct {
	header http.Header
	status int
}

func (r *recorder) Header() http.Header { return r.header }
func (r *recorder) WriteHeader(s int)   { r.status = s }
func (r *recorder) Write(p []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return len(p), nil
}
