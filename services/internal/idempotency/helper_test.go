package idempotency

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/testbed"
	"github.com/posthaste/posthaste/services/internal/testbed/bustest"
	"github.com/posthaste/posthaste/services/internal/testbed/sealedtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a store on a server of its own.
type world struct {
	*Store
	nats *testbed.NATS
	mu   sync.Mutex
	at   time.Time
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{nats: testbed.StartNATS(t), at: time.Date(2026, 1, 15, 10, 30, 0, 0, time.UTC)}
	b := bustest.Connect(t, w.nats.URL(), slog.New(slog.DiscardHandler))
	s, err := Open(t.Context(), b, sealedtest.Keys(t))
	if err != nil {
		t.Fatal(err)
	}
	s.now = func() time.Time {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.at
	}
	w.Store = s
	return w
}

// pass lets time go by.
func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = w.at.Add(d)
}

// held is how many keys the bucket holds.
func (w *world) held(t *testing.T) int {
	t.Helper()
	lister, err := w.kv.ListKeys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for range lister.Keys() {
		n++
	}
	return n
}

// api is a handler behind the middleware, and what was logged.
type api struct {
	t   *testing.T
	url string
	log testbed.Log
	saw func(*http.Request) // what comes to the middleware
}

func newAPI(t *testing.T, s *Store, maxBody int64, handler http.HandlerFunc) *api {
	t.Helper()
	a := &api{t: t, saw: func(*http.Request) {}}
	tenantOf := func(r *http.Request) string { a.saw(r); return r.Header.Get("Tenant") }
	web := httptest.NewServer(s.Middleware(maxBody, tenantOf, slog.New(slog.NewTextHandler(&a.log, nil)))(handler))
	web.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	t.Cleanup(web.Close)
	a.url = web.URL
	return a
}

type reply struct {
	status int
	header http.Header
	body   string
}

// post sends a body with the key; headers are pairs. A reply without a status
// says that the connection broke.
func (a *api) post(key, path, body string, headers ...string) reply {
	a.t.Helper()
	return a.do(http.MethodPost, path, strings.NewReader(body), append([]string{Header, key}, headers...)...)
}

func (a *api) do(method, path string, body io.Reader, headers ...string) reply {
	a.t.Helper()
	return a.doIn(a.t.Context(), method, path, body, headers...)
}

func (a *api) doIn(ctx context.Context, method, path string, body io.Reader, headers ...string) reply {
	a.t.Helper()
	req, err := http.NewRequestWithContext(ctx, method, a.url+path, body)
	if err != nil {
		a.t.Error(err)
		return reply{}
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Add(headers[i], headers[i+1])
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return reply{}
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return reply{}
	}
	return reply{resp.StatusCode, resp.Header, string(text)}
}

// put writes to the bucket past the store.
func (w *world) put(t *testing.T, key, value string) {
	t.Helper()
	kv, err := w.bus.JS.KeyValue(t.Context(), bus.BucketIdempotency)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := kv.PutString(t.Context(), key, value); err != nil {
		t.Fatal(err)
	}
}
