package ingest

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.opentelemetry.io/otel/metric/noop"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/auth"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/event"
	"github.com/posthaste/posthaste/services/internal/settings"
	"github.com/posthaste/posthaste/services/internal/testbed"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const apiKey = "ph_KEYKEYKEYKEYKEYKEY"

// configs are what a test may change.
type configs struct {
	Config
	bus   bus.Config
	event event.Config
	deps  func(*Deps) // may add to them
}

// harness is an ingest on a real server.
type harness struct {
	*Service
	t      *testing.T
	url    string
	nats   *testbed.NATS
	client *http.Client
	seen   *testbed.Log // everything that was logged and answered
}

func newHarness(t *testing.T, changes ...func(*configs)) *harness {
	t.Helper()
	c := &configs{Config: settings.Defaults[Config](), bus: settings.Defaults[bus.Config](), event: settings.Defaults[event.Config](), deps: func(*Deps) {}}
	for _, change := range changes {
		change(c)
	}
	h := &harness{t: t, nats: testbed.StartNATS(t), client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}, seen: &testbed.Log{}}
	log := slog.New(slog.NewTextHandler(h.seen, &slog.HandlerOptions{Level: slog.LevelDebug}))
	c.bus.NATSURL = settings.SecretURL(h.nats.URL())
	b, err := bus.Connect(t.Context(), c.bus, "test", log, nats.ReconnectWait(5*time.Millisecond), nats.ReconnectJitter(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	deps := Deps{Bus: b, Event: c.event, Keys: auth.NewKeys(auth.Config{APIKey: apiKey}, nil), Log: log, Meter: noop.Meter{}}
	c.deps(&deps)
	if h.Service, err = New(c.Config, deps); err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(h.Handler())
	h.url = web.URL + Path
	t.Cleanup(web.Close)
	t.Cleanup(h.client.CloseIdleConnections)
	t.Cleanup(func() {
		if strings.Contains(h.seen.String(), apiKey) {
			t.Error("the API key is in a log or an answer")
		}
	})
	return h
}

// reply is an answer that has been read.
type reply struct {
	status int
	header http.Header
	body   string
}

// post sends a body with the key; headers are pairs and win.
func (h *harness) post(body string, headers ...string) reply {
	h.t.Helper()
	return h.do(http.MethodPost, strings.NewReader(body), headers...)
}

func (h *harness) do(method string, body io.Reader, headers ...string) reply {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), method, h.url, body)
	if err != nil {
		h.t.Error(err)
		return reply{}
	}
	req.Header.Set("Authorization", "Bearer "+apiKey)
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := h.client.Do(req)
	if err != nil {
		h.t.Error(err)
		return reply{}
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		h.t.Error(err)
	}
	_, _ = h.seen.Write(text)
	_ = resp.Header.Write(h.seen)
	return reply{resp.StatusCode, resp.Header, string(text)}
}

// unescaped undoes what encoding/json does for the sake of HTML.
var unescaped = strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&")

func (r reply) want(t *testing.T, status int, body string) {
	t.Helper()
	r.body = unescaped.Replace(r.body)
	if r.status != status || r.body != body+"\n" {
		t.Errorf("answer %d %s\nwant   %d %s", r.status, r.body, status, body)
	}
	if got := r.header.Get("Content-Type"); got != "application/json" {
		t.Errorf("the answer's type is %q", got)
	}
}

func (h *harness) stream() jetstream.Stream {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), 10*time.Second)
	defer cancel()
	s, err := h.bus.JS.Stream(ctx, bus.StreamEvents) // with its state of now
	if err != nil {
		h.t.Fatal(err)
	}
	return s
}

// count is how many events the stream holds.
func (h *harness) count() int { h.t.Helper(); return int(h.stream().CachedInfo().State.Msgs) }

// stored returns the message at a place in the stream, from 1, and its event.
func (h *harness) stored(sequence uint64) (*jetstream.RawStreamMsg, *posthastev1.Event) {
	h.t.Helper()
	msg, err := h.stream().GetMsg(h.t.Context(), sequence)
	if err != nil {
		h.t.Fatal(err)
	}
	e := &posthastev1.Event{}
	if err := proto.Unmarshal(msg.Data, e); err != nil {
		h.t.Fatal(err)
	}
	return msg, e
}
