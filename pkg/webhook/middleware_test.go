package webhook_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/posthaste/posthaste/pkg/webhook"
)

func TestMiddleware(t *testing.T) {
	t.Parallel()
	large := strings.Repeat("x", 65)
	for name, tt := range map[string]struct {
		body   io.Reader
		header http.Header
		want   int
	}{
		"verified":         {strings.NewReader(vectorBody), vectorHeaders(), http.StatusNoContent},
		"at the limit":     {strings.NewReader(large[:64]), signed(t, large[:64]), http.StatusNoContent},
		"over the limit":   {strings.NewReader(large), signed(t, large), http.StatusRequestEntityTooLarge},
		"missing header":   {strings.NewReader(vectorBody), http.Header{}, http.StatusBadRequest},
		"bad timestamp":    {strings.NewReader(vectorBody), withHeader(webhook.HeaderTimestamp, "x"), http.StatusBadRequest},
		"bad id":           {strings.NewReader(vectorBody), withHeader(webhook.HeaderID, "a.b"), http.StatusBadRequest},
		"too old":          {strings.NewReader(vectorBody), withHeader(webhook.HeaderTimestamp, "1"), http.StatusUnauthorized},
		"wrong signature":  {strings.NewReader(vectorBody), withHeader(webhook.HeaderSignature, wrongSignature), http.StatusUnauthorized},
		"connection broke": {iotest.ErrReader(errors.New("10.0.0.7 went away")), vectorHeaders(), http.StatusBadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			called := false
			handler := vectorVerifier(t, webhook.WithMaxBody(64)).Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				called = true
				body, err := io.ReadAll(r.Body)
				if err != nil || int64(len(body)) != r.ContentLength || len(body) == 0 {
					t.Errorf("read %d bytes of %d: %v", len(body), r.ContentLength, err)
				}
				w.WriteHeader(http.StatusNoContent)
			}))
			r, w := httptest.NewRequest(http.MethodPost, "/", tt.body), httptest.NewRecorder()
			r.Header = tt.header
			handler.ServeHTTP(w, r)
			if w.Code != tt.want || called != (tt.want == http.StatusNoContent) {
				t.Fatalf("got %d %q, called %v", w.Code, w.Body, called)
			}
			if text := w.Body.String(); len(text) > 80 || strings.Contains(text, "10.0.0.7") || strings.Contains(text, vectorSignature[3:]) {
				t.Fatalf("answered %q", text)
			}
		})
	}
}

// TestMiddlewareDefault is on a real connection, with a chunked body of
// unknown length.
func TestMiddlewareDefault(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(vectorVerifier(t).Middleware(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})))
	defer server.Close()
	for size, want := range map[int]int{1 << 20: http.StatusOK, 1<<20 + 1: http.StatusRequestEntityTooLarge} {
		body := strings.Repeat("x", size)
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, io.MultiReader(strings.NewReader(body)))
		if err != nil {
			t.Fatal(err)
		}
		r.Header = signed(t, body)
		resp, err := server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%d bytes: got %d, want %d", size, resp.StatusCode, want)
		}
	}
}

func withHeader(key, value string) http.Header {
	h := vectorHeaders()
	h.Set(key, value)
	return h
}
