package problem

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// written is what Write answers and logs.
func written(t *testing.T, err error) (*httptest.ResponseRecorder, string) {
	t.Helper()
	var log bytes.Buffer
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/v1/x?secret=1", nil)
	Write(w, r, slog.New(slog.NewTextHandler(&log, nil)), err)
	return w, log.String()
}

func TestWrite(t *testing.T) {
	t.Parallel()
	cause := errors.New("the cause")
	for name, c := range map[string]struct {
		err                        error
		status                     int
		body, retryAfter, wwwAuthn string
		logged                     bool
	}{
		"validation": {
			err:    Validation(Field{"url", "is required"}, Field{"", "is too long"}),
			status: 400, body: `{"error":{"code":"validation_error","message":"url: is required","details":{"fields":[{"field":"url","message":"is required"},{"field":"","message":"is too long"}]}}}`,
		},
		"validation of the whole": {
			err:    Validation(Field{"", "is no JSON"}),
			status: 400, body: `{"error":{"code":"validation_error","message":"is no JSON","details":{"fields":[{"field":"","message":"is no JSON"}]}}}`,
		},
		"unauthorized": {err: Unauthorized("who?"), status: 401, body: `{"error":{"code":"unauthorized","message":"who?","details":{}}}`, wwwAuthn: `Bearer realm="posthaste"`},
		"scope":        {err: Scope("no"), status: 403, body: `{"error":{"code":"insufficient_scope","message":"no","details":{}}}`},
		"not found":    {err: NotFound("what?"), status: 404, body: `{"error":{"code":"not_found","message":"what?","details":{}}}`},
		"conflict":     {err: Conflict("again"), status: 409, body: `{"error":{"code":"conflict","message":"again","details":{}}}`},
		"unavailable": {
			err: Unavailable("later", 1500*time.Millisecond, cause), status: 503, retryAfter: "2", logged: true,
			body: `{"error":{"code":"unavailable","message":"later","details":{}}}`,
		},
		"wrapped": {err: fmt.Errorf("read it: %w", NotFound("what?")), status: 404, body: `{"error":{"code":"not_found","message":"what?","details":{}}}`},
		"unknown": {
			err: cause, status: 500, logged: true,
			body: `{"error":{"code":"internal_error","message":"Something went wrong on our side.","details":{}}}`,
		},
		"no JSON": {
			err: &Error{Status: 400, Code: "x", Details: map[string]any{"n": math.Inf(1)}}, status: 400,
			body: `{"error":{"code":"internal_error","message":"Something went wrong on our side.","details":{}}}`,
		},
	} {
		w, log := written(t, c.err)
		if w.Code != c.status || w.Body.String() != c.body+"\n" {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
		h := w.Header()
		if h.Get("Content-Type") != "application/json" || h.Get("Retry-After") != c.retryAfter || h.Get("WWW-Authenticate") != c.wwwAuthn {
			t.Errorf("%s: %v", name, h)
		}
		if strings.Contains(log, "the cause") != c.logged || strings.Contains(log, "secret") {
			t.Errorf("%s logged %q", name, log)
		}
	}
}

func TestErrorUnwraps(t *testing.T) {
	t.Parallel()
	cause := errors.New("the cause")
	err := error(Unavailable("later", time.Second, cause))
	if !errors.Is(err, cause) || err.Error() != "later" {
		t.Errorf("%v", err)
	}
}
