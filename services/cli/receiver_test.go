package cli

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/posthaste/posthaste/pkg/webhook"
	"github.com/posthaste/posthaste/services/internal/dialect"
)

// receiver is somebody's endpoint: it verifies what comes, and answers.
type receiver struct {
	*httptest.Server
	mu   sync.Mutex
	seen []webhook.Delivery
	errs []error
}

// receive verifies in a dialect of the scheme's name.
func receive(t *testing.T, scheme, secret string, answer http.HandlerFunc) *receiver {
	t.Helper()
	s, ok := webhook.SchemeNamed(scheme)
	if !ok {
		t.Fatalf("there is no scheme %s", scheme)
	}
	key, err := webhook.LiteralSecret(secret)
	if scheme == dialect.Standard {
		key, err = webhook.ParseSecret(secret)
	}
	if err != nil {
		t.Fatal(err)
	}
	v, err := webhook.NewVerifier([]webhook.Secret{key}, webhook.WithScheme(s), webhook.WithClock(testNow), webhook.WithTolerance(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		d, err := v.Parse(req.Header, body)
		r.mu.Lock()
		r.seen, r.errs = append(r.seen, d), append(r.errs, err)
		r.mu.Unlock()
		answer(w, req)
	}))
	t.Cleanup(r.Close)
	return r
}

// all gives what came; the test fails where any of it was not signed rightly.
func (r *receiver) all(t *testing.T) []webhook.Delivery {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, err := range r.errs {
		if err != nil {
			t.Fatalf("delivery %d: %v", i, err)
		}
	}
	return r.seen
}

func answerWith(code int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body)
	}
}
