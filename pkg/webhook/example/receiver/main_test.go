package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/posthaste/posthaste/pkg/webhook"
)

// delivery is a POST signed with the secret.
func delivery(t *testing.T, secret webhook.Secret, body string) *http.Request {
	t.Helper()
	signer, err := webhook.NewSigner(secret)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/webhooks", strings.NewReader(body))
	r.Header.Set(webhook.HeaderID, "dlv_1")
	r.Header.Set(webhook.HeaderTimestamp, strconv.FormatInt(now.Unix(), 10))
	r.Header.Set(webhook.HeaderSignature, signer.Sign("dlv_1", now, []byte(body)))
	return r
}

func TestReceiver(t *testing.T) {
	t.Parallel()
	secret := webhook.NewSecret()
	var out, help bytes.Buffer
	handler, err := newHandler("standard", secret.Reveal(), http.StatusTeapot, &out, &help)
	if err != nil {
		t.Fatal(err)
	}
	const body = `{"id":"evt_1","type":"task.created","timestamp":"2026-01-15T10:30:00Z","data":{"n": 1}}`
	for range 2 {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, delivery(t, secret, body))
		if w.Code != http.StatusTeapot {
			t.Fatalf("answered %d", w.Code)
		}
	}
	const want = "verified dlv_1 (seen 1): task.created evt_1 of 2026-01-15T10:30:00Z\n  {\"n\": 1}\n" +
		"verified dlv_1 (seen 2): task.created evt_1 of 2026-01-15T10:30:00Z\n  {\"n\": 1}\n"
	if out.String() != want {
		t.Errorf("printed %q", &out)
	}

	w := httptest.NewRecorder()
	handler.ServeHTTP(w, delivery(t, webhook.NewSecret(), body))
	if w.Code != http.StatusUnauthorized || out.String() != want || !strings.HasPrefix(help.String(), "refused: ") {
		t.Errorf("a stranger's delivery: answered %d, printed %q and %q", w.Code, &out, &help)
	}
}

// TestReceiverDialect is a delivery that was signed with openssl.
func TestReceiverDialect(t *testing.T) {
	t.Parallel()
	var out, help bytes.Buffer
	handler, err := newHandler("neiracore", "whsec_your-secret-key", http.StatusOK, &out, &help)
	if err != nil {
		t.Fatal(err)
	}
	const body = `{"id":"evt_abc123","type":"thread.message","timestamp":"2025-01-15T10:30:00Z","data":{"threadId":"thr_xyz"}}`
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/webhooks", strings.NewReader(body))
	r.Header.Set("x-neiracore-signature", "3fe04dc2b858a5c73f394b470da111c9c899d8765d7f880e207ba9b8d208dce4")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	const want = "verified evt_abc123 (seen 1): thread.message evt_abc123 of 2025-01-15T10:30:00Z\n  {\"threadId\":\"thr_xyz\"}\n"
	if w.Code != http.StatusOK || out.String() != want {
		t.Errorf("answered %d, printed %q and %q", w.Code, &out, &help)
	}
}

func TestRunRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"no secret":  {nil, "WEBHOOK_SECRET"},
		"bad secret": {[]string{"-secret", "s3cret"}, "whsec_"},
		"bad status": {[]string{"-status", "42"}, "-status"},
		"no dialect": {[]string{"-secret", "s3cret", "-dialect", "morse"}, `"morse"`},
	} {
		err := run(t.Context(), c.args, "", io.Discard, io.Discard)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// told is written by run and read by the test.
type told struct {
	mu   sync.Mutex
	text bytes.Buffer
	some chan struct{}
	once sync.Once
}

func (w *told) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	defer w.once.Do(func() { close(w.some) })
	return w.text.Write(p)
}

func TestRunServesUntilTold(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	out := &told{some: make(chan struct{})}
	done := make(chan error, 1)
	go func() {
		done <- run(ctx, []string{"-addr", "127.0.0.1:0"}, webhook.NewSecret().Reveal(), out, io.Discard)
	}()
	select {
	case <-out.some:
	case err := <-done:
		t.Fatal(err)
	}
	stop()
	if err := <-done; err != nil && !errors.Is(err, http.ErrServerClosed) {
		t.Fatal(err)
	}
	if !strings.HasPrefix(out.text.String(), "listening on http://127.0.0.1:") {
		t.Errorf("printed %q", &out.text)
	}
}
