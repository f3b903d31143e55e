package idempotency

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/posthaste/posthaste/services/internal/problem"
	"github.com/posthaste/posthaste/services/internal/sealed"
)

// Middleware honours the Idempotency-Key of POST requests. It stands behind
// what authenticates: tenantOf names whose key it is, "" for one place that all
// such requests share. Bodies with a key may have up to maxBody bytes. Requests
// without the header go straight to next.
//
// The answer is held back until it is kept, and sent as it comes once it is too
// large for that.
func (s *Store) Middleware(maxBody int64, tenantOf func(*http.Request) string, log *slog.Logger) func(next http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodPost || len(r.Header[Header]) == 0 {
				next.ServeHTTP(w, r)
				return
			}
			ticket, answer, err := s.begin(w, r, maxBody, tenantOf)
			switch {
			case err != nil:
				problem.Write(w, r, log, answerTo(err))
			case answer != nil:
				replay(w, answer)
			default:
				serve(w, r, next, ticket, log)
			}
		})
	}
}

// begin reads the whole request, and leaves its body to be read again.
func (s *Store) begin(w http.ResponseWriter, r *http.Request, maxBody int64, tenantOf func(*http.Request) string) (*Ticket, *Answer, error) {
	key, err := keyOf(r.Header)
	if err != nil {
		return nil, nil, err
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return nil, nil, readProblem(err)
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	sum := digest([]byte(r.Method), []byte(r.URL.Path), []byte(r.URL.RawQuery), describing(r.Header), body)
	return s.Begin(r.Context(), tenantOf(r), r.Method+" "+r.URL.Path, key, sum)
}

// describing are the headers that say what the body is. In binary mode the
// attributes of a CloudEvent are such, its id and type among them.
func describing(h http.Header) []byte {
	var text []byte
	for _, name := range slices.Sorted(maps.Keys(h)) {
		if name == "Content-Type" || strings.HasPrefix(name, "Ce-") {
			text = fmt.Appendf(text, "%s: %q\n", name, h[name])
		}
	}
	return text
}

func readProblem(err error) error {
	var over *http.MaxBytesError
	if errors.As(err, &over) {
		return &problem.Error{
			Status: http.StatusRequestEntityTooLarge, Code: problem.CodeTooLarge, Details: map[string]any{"limit": over.Limit},
			Message: fmt.Sprintf("The body is larger than %d bytes.", over.Limit),
		}
	}
	return problem.Validation(problem.Field{Message: "the body ended before it was complete"})
}

// serve does the request and keeps its answer where it succeeded. A client that
// has gone does not stop that: it will ask for the answer, and half a request
// that is tried again would be done one and a half times.
func serve(w http.ResponseWriter, r *http.Request, next http.Handler, ticket *Ticket, log *slog.Logger) {
	ctx, kept := keepable(context.WithoutCancel(r.Context()))
	r = r.WithContext(ctx)
	rec := &recorder{w: w, most: ticket.store.maxBody}
	returned := false
	defer func() {
		if !returned { // it panicked
			abandon(r, ticket, log)
		}
	}()
	next.ServeHTTP(rec, r)
	returned = true
	if rec.code() < http.StatusBadRequest {
		finish(r, ticket, rec, kept.Load(), log)
	} else {
		abandon(r, ticket, log)
	}
	rec.flush() // after that, so that what the client sends next meets it
}

func finish(r *http.Request, ticket *Ticket, rec *recorder, keep bool, log *slog.Logger) {
	var err error
	if rec.sent || !keep {
		err = ticket.FinishUnkept(r.Context())
	} else {
		err = ticket.Finish(r.Context(), rec.answer())
	}
	if err != nil {
		log.WarnContext(r.Context(), "the answer to a request with an idempotency key is not kept; a repetition is done again", "path", r.URL.Path, "error", err)
	}
}

func abandon(r *http.Request, ticket *Ticket, log *slog.Logger) {
	if err := ticket.Abandon(r.Context()); err != nil {
		log.WarnContext(r.Context(), "an idempotency key stays taken for a while", "path", r.URL.Path, "for", StaleAfter, "error", err)
	}
}

// replay sends an answer that was kept.
func replay(w http.ResponseWriter, a *Answer) {
	for name, values := range a.Header {
		w.Header()[name] = values
	}
	w.Header().Set(HeaderReplayed, "true")
	w.WriteHeader(a.Status)
	_, _ = w.Write(a.Body) //nolint:gosec // what was answered before, with its Content-Type
}

// retryAfter is what a client is told while its request is being done, or
// JetStream is away.
const retryAfter = time.Second

// answerTo is what the client is told of an error of Begin.
func answerTo(err error) error {
	var known *problem.Error
	switch {
	case errors.As(err, &known):
		return known
	case errors.Is(err, ErrMismatch):
		return problem.Conflict("This Idempotency-Key was used for another request. Send a new key.")
	case errors.Is(err, ErrNotKept):
		return problem.Conflict("The request with this Idempotency-Key was done, but its answer is not kept: it was too large, or showed a secret once.")
	case errors.Is(err, ErrRunning):
		conflict := problem.Conflict("The request with this Idempotency-Key is still being done. Send it again for the answer.")
		conflict.RetryAfter = retryAfter
		return conflict
	case errors.Is(err, sealed.ErrShut):
		return problem.Unavailable("The answer that is kept for this Idempotency-Key cannot be opened by this server. Send the request again.", retryAfter, err)
	default:
		return problem.Unavailable("JetStream does not answer, so the Idempotency-Key cannot be honoured. Send the request again.", retryAfter, err)
	}
}
