package dispatcher

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/prototext"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/ssrf"
	"github.com/posthaste/posthaste/services/internal/testbed"
)

// one makes one delivery to the URL without another attempt and returns its
// record.
func (h *house) one(t *testing.T, url string) *posthastev1.Attempt {
	t.Helper()
	sub := h.wish(t, url)
	before := h.count(t, bus.StreamAttempts)
	h.fresh(t, sub, 1)
	return h.attempts(t, before+1)[before]
}

// flow writes until the client has gone.
func flow(every time.Duration) func(http.ResponseWriter, *http.Request, int) {
	return func(w http.ResponseWriter, r *http.Request, _ int) {
		part := []byte(strings.Repeat("x", 1024))
		if every > 0 {
			part = part[:1]
		}
		for r.Context().Err() == nil {
			if _, err := w.Write(part); err != nil {
				return
			}
			_ = http.NewResponseController(w).Flush()
			select {
			case <-r.Context().Done():
			case <-time.After(every):
			}
		}
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.retries.RequestTimeout = 500 * time.Millisecond
	h.retries.RetryDelays = []string{"1h"}
	h.start(t)
	elsewhere := newEndpoint(t, nil)
	for name, c := range map[string]struct {
		answer func(http.ResponseWriter, *http.Request, int)
		want   Reason
		kept   int
	}{
		"empty":     {nil, ReasonDelivered, 0},
		"large":     {func(w http.ResponseWriter, _ *http.Request, _ int) { _, _ = w.Write(make([]byte, 200<<10)) }, ReasonDelivered, 1024},
		"endless":   {flow(0), ReasonDelivered, 1024},
		"slow drip": {flow(20 * time.Millisecond), ReasonTimeout, -1},
		"no answer": {func(_ http.ResponseWriter, r *http.Request, _ int) { <-r.Context().Done() }, ReasonTimeout, 0},
		"cut off":   {func(http.ResponseWriter, *http.Request, int) { panic(http.ErrAbortHandler) }, ReasonConnection, 0},
		"redirect": {func(w http.ResponseWriter, r *http.Request, _ int) {
			http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
		}, ReasonRedirect, 0},
		"see other": {func(w http.ResponseWriter, r *http.Request, _ int) {
			http.Redirect(w, r, elsewhere.URL, http.StatusSeeOther)
		}, ReasonRedirect, 0},
		"odd header": {func(w http.ResponseWriter, _ *http.Request, _ int) { w.Header().Set("X", strings.Repeat("y", 100<<10)) }, ReasonConnection, 0},
	} {
		e := newEndpoint(t, c.answer)
		begin := time.Now()
		r := h.one(t, e.URL)
		if r.GetReason() != string(c.want) || c.kept >= 0 && len(r.GetAnswer()) != c.kept || len(r.GetError()) > maxError {
			t.Errorf("%s: recorded as %s, %q, with %d bytes; want %s, %d", name, r.GetReason(), r.GetError(), len(r.GetAnswer()), c.want, c.kept)
		}
		if took := time.Since(begin); took > 5*time.Second {
			t.Errorf("%s: took %s", name, took)
		}
	}
	if elsewhere.count() != 0 {
		t.Error("a redirect was followed")
	}
}

func TestNoAnswer(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.retries.RetryDelays = []string{"1h"}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	untrusted := httptest.NewUnstartedServer(http.NotFoundHandler())
	untrusted.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	untrusted.StartTLS()
	t.Cleanup(untrusted.Close)
	h.start(t)
	for url, want := range map[string]Reason{
		"http://" + l.Addr().String(): ReasonConnection,
		untrusted.URL:                 ReasonTLS,
		"http://name.invalid":         ReasonDNS,
	} {
		if r := h.one(t, url); r.GetReason() != string(want) || r.GetStatus() != 0 || r.GetError() == "" {
			t.Errorf("%s: recorded as %v, want %s", url, r, want)
		}
	}
}

// The guard stands at the dial, whatever the subscription's URL says.
func TestBlockedAddress(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.deps.Guard = ssrf.New(ssrf.Config{AllowInsecure: true}, nil)
	h.retries.RetryDelays = []string{"1h"}
	e := newEndpoint(t, nil)
	h.start(t)
	if r := h.one(t, e.URL); r.GetReason() != string(ReasonBlocked) || e.count() != 0 {
		t.Errorf("recorded as %v after %d POSTs", r, e.count())
	}
}

func TestHTTP2(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	e := &endpoint{}
	e.Server = httptest.NewUnstartedServer(e.handler(nil))
	e.EnableHTTP2 = true
	e.StartTLS()
	t.Cleanup(e.Close)
	roots := x509.NewCertPool()
	roots.AddCert(e.Certificate())
	h.start(t, func(s *Service) {
		s.poster.transport.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	})
	h.fresh(t, h.wish(t, e.URL), 20)
	h.attempts(t, 20)
	for _, p := range e.posts() {
		if p.ProtoMajor != 2 {
			t.Errorf("POST by %s", p.Proto)
		}
		verify(t, p)
	}
}

// An endpoint that hangs holds a few places; the others go on.
func TestHangingEndpoint(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.cfg.MaxInFlight, h.retries.RequestTimeout = 16, 10*time.Second
	var mu sync.Mutex
	now, most, ended := 0, 0, 0
	hanging := newEndpoint(t, func(_ http.ResponseWriter, r *http.Request, _ int) {
		mu.Lock()
		now++
		most = max(most, now)
		mu.Unlock()
		<-r.Context().Done()
		mu.Lock()
		now--
		ended++
		mu.Unlock()
	})
	healthy := newEndpoint(t, nil)
	h.start(t)
	bad, good := h.wish(t, hanging.URL), h.wish(t, healthy.URL)
	h.fresh(t, bad, 200)
	h.fresh(t, good, 200)
	testbed.Eventually(t, "the healthy endpoint has all", func() bool { return healthy.count() == 200 })
	mu.Lock()
	defer mu.Unlock()
	if ended > 0 {
		t.Errorf("the healthy endpoint waited until %d POSTs to the other had timed out", ended)
	}
	if most > unheard {
		t.Errorf("%d POSTs at once to an endpoint that hangs, want %d at the most", most, unheard)
	}
}

// unheard is how many POSTs at once an endpoint gets that was never heard of.
const unheard = 4

// A POST may take longer than AckWait: nobody else gets the delivery meanwhile.
func TestPostLongerThanAckWait(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *bus.Config) { c.AckWait = time.Second })
	e := newEndpoint(t, func(http.ResponseWriter, *http.Request, int) { <-time.After(2500 * time.Millisecond) })
	h.start(t)
	h.start(t)
	h.fresh(t, h.wish(t, e.URL), 2)
	h.settled(t)
	if e.count() != 2 {
		t.Errorf("%d POSTs of 2 deliveries", e.count())
	}
}

// A stop waits for what is under way and gives the rest back at once.
func TestDrains(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	release := make(chan struct{})
	e := newEndpoint(t, func(http.ResponseWriter, *http.Request, int) { <-release })
	stop := h.start(t)
	h.fresh(t, h.wish(t, e.URL), 1)
	testbed.Eventually(t, "the POST", func() bool { return e.count() == 1 })
	stopped := make(chan struct{})
	go func() { stop(); close(stopped) }()
	select {
	case <-stopped:
		t.Error("stopped with a POST under way")
	case <-time.After(100 * time.Millisecond):
	}
	close(release)
	<-stopped
	if r := h.attempts(t, 1)[0]; r.GetOutcome() != posthastev1.Outcome_OUTCOME_DELIVERED {
		t.Errorf("recorded as %v", r)
	}
	h.settled(t)
}

// A POST that the end of the grace cuts off is no attempt. Another dispatcher
// makes it, long before AckWait.
func TestGraceIsOver(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	e := newEndpoint(t, func(_ http.ResponseWriter, r *http.Request, n int) {
		if n == 1 {
			<-r.Context().Done()
		}
	})
	s := h.dispatcher(t)
	stop := testbed.Running(t, func(ctx context.Context) error { return s.Run(ctx, 50*time.Millisecond) })
	h.fresh(t, h.wish(t, e.URL), 1)
	testbed.Eventually(t, "the POST", func() bool { return e.count() == 1 })
	begin := time.Now()
	stop()
	if n := h.count(t, bus.StreamAttempts); n != 0 {
		t.Errorf("%d attempts are recorded", n)
	}
	h.start(t)
	if r := h.attempts(t, 1)[0]; r.GetNumber() != 1 || r.GetOutcome() != posthastev1.Outcome_OUTCOME_DELIVERED {
		t.Errorf("recorded as %v", r)
	}
	if took := time.Since(begin); took > 15*time.Second {
		t.Errorf("the second POST comes after %s", took)
	}
	h.settled(t)
}

// What is fetched and not begun goes to another dispatcher.
func TestStopGivesBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	e := newEndpoint(t, nil)
	sub := h.wish(t, e.URL)
	h.fresh(t, sub, 500)
	stop := h.start(t)
	testbed.Eventually(t, "the first POSTs", func() bool { return e.count() > 0 })
	stop()
	h.start(t)
	h.settled(t)
	seen := map[string]int{}
	for _, p := range e.posts() {
		seen[p.Header.Get("webhook-id")]++
	}
	if len(seen) != 500 || e.count() != 500 {
		t.Errorf("%d deliveries in %d POSTs, want 500 in 500", len(seen), e.count())
	}
}

// No secret and no signature gets into logs, records or events, in any form.
func TestSecretsStaySecret(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.retries.DisableAfter, h.retries.RequestTimeout = 1, 300*time.Millisecond
	h.start(t)
	for _, answer := range []func(http.ResponseWriter, *http.Request, int){status(500), status(410), flow(20 * time.Millisecond)} {
		h.fresh(t, h.wish(t, newEndpoint(t, answer).URL, delays(50*time.Millisecond)), 2)
	}
	h.fresh(t, h.wish(t, "http://127.0.0.1:1/", delays(50*time.Millisecond)), 1)
	h.fresh(t, h.wish(t, "http://127.0.0.1:1/", func(s *posthastev1.Subscription) { s.Secrets[0].Value += "!" }), 1)
	h.settled(t)
	var all strings.Builder
	all.WriteString(h.log.String())
	for _, r := range h.attempts(t, h.count(t, bus.StreamAttempts)) {
		all.WriteString(prototext.Format(r))
	}
	for _, msg := range testbed.Messages(t, h.bus.JS, bus.StreamEvents) {
		all.Write(msg.Data)
	}
	plain := strings.TrimPrefix(secret, "whsec_")
	raw, err := base64.StdEncoding.DecodeString(plain)
	if err != nil {
		t.Fatal(err)
	}
	for _, hidden := range []string{plain, string(raw), hex.EncodeToString(raw), "v1,"} {
		if strings.Contains(all.String(), hidden) {
			t.Errorf("%q is told", hidden)
		}
	}
}

// Without Redis deliveries go on, at their pace.
func TestWithoutRedis(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if err := h.redis.Close(); err != nil {
		t.Fatal(err)
	}
	e := newEndpoint(t, nil)
	failing := newEndpoint(t, status(http.StatusNotFound))
	h.start(t)
	h.fresh(t, h.wish(t, failing.URL), 5)
	h.fresh(t, h.wish(t, e.URL), 200)
	testbed.Eventually(t, "all POSTs", func() bool { return e.count() == 200 && failing.count() == 15 })
	h.settled(t)
}

func TestValidate(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if err := h.cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Config){
		"max-in-flight":             func(c *Config) { c.MaxInFlight = 1 },
		"dispatcher-prefetch":       func(c *Config) { c.Prefetch = 0 },
		"dispatcher-prefetch-bytes": func(c *Config) { c.PrefetchBytes = 1 },
		"max-answer-bytes":          func(c *Config) { c.AnswerBytes = 1 },
		"record-answer-bytes":       func(c *Config) { c.RecordBytes = -1 },
		"max-idle-conns":            func(c *Config) { c.MaxIdleConns = 0 },
	} {
		cfg := h.cfg
		change(&cfg)
		if err := cfg.Validate(); err == nil || !strings.HasPrefix(err.Error(), name+":") {
			t.Errorf("%s: %v", name, err)
		}
	}
	cfg := h.cfg
	cfg.PrefetchBytes = 1 << 20
	if _, err := New(cfg, h.deps); err == nil || !strings.HasPrefix(err.Error(), "dispatcher-prefetch-bytes:") {
		t.Errorf("less ahead than one message: %v", err)
	}
}

// BenchmarkDelivery takes deliveries from DELIVERIES to their ack.
func BenchmarkDelivery(b *testing.B) {
	h := newHouse(b)
	h.deps.Log = slog.New(slog.DiscardHandler)
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	b.Cleanup(server.Close)
	sub := h.wish(b, server.URL)
	h.start(b)
	b.ReportAllocs()
	b.ResetTimer()
	for done := 0; done < b.N; {
		n := min(2000, b.N-done)
		h.fresh(b, sub, n)
		done += n
	}
	testbed.Eventually(b, "all is delivered", func() bool { return h.count(b, bus.StreamAttempts) >= b.N })
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "deliveries/s")
}
