package control

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"go.opentelemetry.io/otel/metric/noop"
	"go.uber.org/goleak"

	"github.com/posthaste/posthaste/services/control/internal/rest"
	"github.com/posthaste/posthaste/services/control/internal/subscriptions"
	"github.com/posthaste/posthaste/services/internal/auth"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/catalogue"
	"github.com/posthaste/posthaste/services/internal/dialect"
	"github.com/posthaste/posthaste/services/internal/embedded"
	"github.com/posthaste/posthaste/services/internal/event"
	"github.com/posthaste/posthaste/services/internal/history"
	"github.com/posthaste/posthaste/services/internal/idempotency"
	"github.com/posthaste/posthaste/services/internal/policy"
	"github.com/posthaste/posthaste/services/internal/problem"
	"github.com/posthaste/posthaste/services/internal/redisstore"
	"github.com/posthaste/posthaste/services/internal/settings"
	"github.com/posthaste/posthaste/services/internal/ssrf"
	"github.com/posthaste/posthaste/services/internal/subscription"
	"github.com/posthaste/posthaste/services/internal/testbed"
	"github.com/posthaste/posthaste/services/internal/testbed/sealedtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	collection = "/v1/event-subscriptions"
	resource   = collection + "/{id}"
)

const adminKey = "an-operators-key"

// testKeys knows the operator, and binds "tenant-x" to tenant x,
// with every scope.
type testKeys struct{ admin *auth.Keys }

func (k testKeys) Authenticate(r *http.Request) (auth.Principal, error) {
	if name, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer tenant-"); ok {
		return auth.Principal{Tenant: name, Scopes: auth.AllScopes}, nil
	}
	return k.admin.Authenticate(r)
}

// hosts is a resolver of names that need no network.
type hosts map[string]string

func (h hosts) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	addr, ok := h[host]
	if !ok {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	return []netip.Addr{netip.MustParseAddr(addr)}, nil
}

// harness is a control on a NATS and a Redis of its own.
type harness struct {
	*Service
	url   string
	http  *http.Client
	nats  *embedded.NATS
	bus   *bus.Bus
	redis *miniredis.Miniredis
	log   *testbed.Log
	stop  sync.Once
	doc   document
}

func start(t *testing.T, change ...func(*Config, *Deps)) *harness {
	t.Helper()
	h := &harness{redis: miniredis.RunT(t), log: &testbed.Log{}}
	log := slog.New(slog.NewJSONHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	h.startNATS(t, log)
	deps := h.makeDeps(t, log)
	cfg := settings.Defaults[Config]()
	for _, c := range change {
		c(&cfg, &deps)
	}
	s, err := New(t.Context(), cfg, deps)
	if err != nil {
		t.Fatal(err)
	}
	h.Service = s
	testbed.Running(t, s.Run)
	h.doc = describedBy(t, s.Handler())
	server := httptest.NewServer(s.Handler())
	t.Cleanup(server.Close)
	h.url, h.http = server.URL, server.Client()
	return h
}

func (h *harness) startNATS(t *testing.T, log *slog.Logger) {
	t.Helper()
	n, err := embedded.StartNATS(t.TempDir(), "127.0.0.1:0", log)
	if err != nil {
		t.Fatal(err)
	}
	h.nats = n
	t.Cleanup(h.stopNATS)
	if h.bus, err = bus.Connect(t.Context(), settings.Defaults[bus.Config](), "test", log, n.InProcess()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.bus.Close)
}

func (h *harness) stopNATS() { h.stop.Do(func() { _ = h.nats.Close() }) }

func (h *harness) makeDeps(t *testing.T, log *slog.Logger) Deps {
	t.Helper()
	live, err := subscription.Open(t.Context(), h.bus, sealedtest.Keys(t), log)
	if err != nil {
		t.Fatal(err)
	}
	testbed.Running(t, live.Watcher.Run)
	<-live.Watcher.Loaded()
	redisCfg := settings.Defaults[redisstore.Config]()
	redisCfg.RedisURL = settings.SecretURL("redis://" + h.redis.Addr())
	redis, err := redisstore.New(redisCfg, log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = redis.Close() })
	policies, err := policy.New(settings.Defaults[policy.Config]())
	if err != nil {
		t.Fatal(err)
	}
	held, err := auth.Open(t.Context(), h.bus, settings.Defaults[auth.Config](), log)
	if err != nil {
		t.Fatal(err)
	}
	testbed.Running(t, held.Run)
	<-held.Loaded()
	deps := Deps{
		Bus: h.bus, Live: live, Redis: redis, Log: log, Meter: noop.Meter{}, Dialects: dialect.Builtin(), Policies: policies,
		Event: settings.Defaults[event.Config](),
		Keys:  testKeys{auth.NewKeys(auth.Config{APIKey: adminKey}, held)}, APIKeys: held,
		Guard: ssrf.New(ssrf.Config{}, hosts{
			"example.com": "93.184.215.14", "other.example.com": "93.184.215.14", "inside.example.com": "10.0.0.1",
		}),
	}
	h.addTypes(t, &deps)
	h.addHistory(t, &deps)
	return deps
}

func (h *harness) addTypes(t *testing.T, deps *Deps) {
	t.Helper()
	var err error
	if deps.Tenants, deps.Catalogue, err = catalogue.OpenAll(t.Context(), h.bus, settings.Defaults[catalogue.Config](), deps.Dialects, deps.Log); err != nil {
		t.Fatal(err)
	}
	testbed.Running(t, deps.Tenants.Run)
	testbed.Running(t, deps.Catalogue.Run)
	<-deps.Tenants.Loaded()
	<-deps.Catalogue.Loaded()
}

func (h *harness) addHistory(t *testing.T, deps *Deps) {
	t.Helper()
	var err error
	if deps.Idempotency, err = idempotency.Open(t.Context(), h.bus, sealedtest.Keys(t)); err != nil {
		t.Fatal(err)
	}
	cfg := settings.Defaults[history.Config]()
	cfg.File = filepath.Join(t.TempDir(), "history.db")
	if deps.History, err = history.Open(t.Context(), cfg, deps.Log); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = deps.History.Close() })
}

// opened is a stored subscription, and its secrets.
func (h *harness) opened(t *testing.T, id string) (*subscription.Subscription, subscription.Secrets) {
	t.Helper()
	sub, err := h.deps.Live.Store.Get(t.Context(), "default", id)
	if err != nil {
		t.Fatal(err)
	}
	opened, err := h.deps.Live.Store.Open(sub)
	if err != nil {
		t.Fatal(err)
	}
	return sub, opened
}

// answer is what came back.
type answer struct {
	Status int
	Header http.Header
	Text   string
}

type call struct {
	key, contentType string
}

// as sends a request. The test fails where the OpenAPI document does not have
// the status of the answer.
func (h *harness) as(t *testing.T, c call, method, path, body string, headers ...string) answer {
	t.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	r, err := http.NewRequestWithContext(context.Background(), method, h.url+path, reader)
	if err != nil {
		t.Fatal(err)
	}
	if c.key != "" {
		r.Header.Set("Authorization", "Bearer "+c.key)
	}
	if c.contentType != "" {
		r.Header.Set("Content-Type", c.contentType)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := h.http.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	h.doc.check(t, r, resp.StatusCode)
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(text)}
}

func (h *harness) do(t *testing.T, method, path, body string) answer {
	t.Helper()
	return h.as(t, call{adminKey, rest.MediaJSON}, method, path, body)
}

// one is the resource of an answer with the status.
func (a answer) one(t *testing.T, status int) subscriptions.EventSubscriptionAnswer {
	t.Helper()
	if a.Status != status || a.Header.Get("Content-Type") != rest.MediaJSON {
		t.Fatalf("answer %d %s %s, want %d", a.Status, a.Header.Get("Content-Type"), a.Text, status)
	}
	return decoded[subscriptions.EventSubscriptionAnswer](t, a.Text)
}

func (a answer) many(t *testing.T) subscriptions.EventSubscriptionList {
	t.Helper()
	if a.Status != http.StatusOK {
		t.Fatalf("answer %d %s, want 200", a.Status, a.Text)
	}
	return decoded[subscriptions.EventSubscriptionList](t, a.Text)
}

type errorAnswer struct {
	Error struct {
		Code    string
		Message string
		Details struct{ Fields []problem.Field }
	}
}

// refused holds where the answer is an error in our form.
func (a answer) refused(t *testing.T, status int, code string) errorAnswer {
	t.Helper()
	e := decoded[errorAnswer](t, a.Text)
	if a.Status != status || e.Error.Code != code || e.Error.Message == "" || a.Header.Get("Content-Type") != rest.MediaJSON {
		t.Fatalf("answer %d %s %s, want %d %s", a.Status, a.Header.Get("Content-Type"), a.Text, status, code)
	}
	return e
}

// names holds where the answer is a 400 whose first field is this one.
func (a answer) names(t *testing.T, field, message string) {
	t.Helper()
	e := a.refused(t, http.StatusBadRequest, problem.CodeValidation)
	if len(e.Error.Details.Fields) == 0 {
		t.Fatalf("%s names no field, want %q", a.Text, field)
	}
	got := e.Error.Details.Fields[0]
	if got.Field != field || !strings.Contains(got.Message, message) {
		t.Fatalf("field %q: %q, want %q: …%s…", got.Field, got.Message, field, message)
	}
}

func decoded[T any](t *testing.T, text string) T {
	t.Helper()
	var v T
	dec := json.NewDecoder(strings.NewReader(text))
	if err := dec.Decode(&v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return v
}

const valid = `{"url":"https://example.com/hook","eventTypes":["task.*"]}`

func (h *harness) created(t *testing.T, body string) subscriptions.EventSubscription {
	t.Helper()
	return h.do(t, http.MethodPost, collection, body).one(t, http.StatusCreated).Data
}
