package ingest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"

	"github.com/posthaste/posthaste/services/internal/auth"
	"github.com/posthaste/posthaste/services/internal/idempotency"
)

// once is the handler of requests with an Idempotency-Key; nil without a store.
// A repetition gets the answer of the first time, and so the ids that the events
// were given then.
func (s *Service) once(store *idempotency.Store) http.Handler {
	if store == nil {
		return nil
	}
	return store.Middleware(int64(s.cfg.MaxBatchBytes), scope, s.log)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.serveEvents(w, r, whoOf(r))
	}))
}

// whoKey leads to the auth.Principal in the context of a request with an
// Idempotency-Key. Others do without, for a context costs allocations.
type whoKey struct{}

func whoOf(r *http.Request) auth.Principal {
	who, _ := r.Context().Value(whoKey{}).(auth.Principal)
	return who
}

// serve asks who it is before it asks for the answer that somebody was given.
func (s *Service) serve(w http.ResponseWriter, r *http.Request) {
	who, err := s.admit(w, r)
	switch {
	case err != nil:
		s.refuse(w, r, err)
	case s.keyed == nil || len(r.Header[idempotency.Header]) == 0:
		s.serveEvents(w, r, who)
	default:
		s.keyed.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), whoKey{}, who)))
	}
}

// admit returns who may publish.
func (s *Service) admit(w http.ResponseWriter, r *http.Request) (auth.Principal, error) {
	who, err := s.keys.Authenticate(r)
	if err == nil {
		err = who.Admit(w.Header(), s.now())
	}
	if err == nil {
		err = who.Need(auth.EventsWrite)
	}
	return who, err
}

// scope is whose an Idempotency-Key is: the tenant's that the API key is bound
// to. An operator names tenants in the body only, so the key is the API
// key's own, by a digest of it; "=" is in no tenant's name. Clients that share an
// operator's API key share these keys too, and a new API key begins afresh.
func scope(r *http.Request) string {
	if who := whoOf(r); !who.Operator {
		return who.Tenant
	}
	_, key, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	sum := sha256.Sum256([]byte(strings.TrimSpace(key)))
	return "=" + hex.EncodeToString(sum[:16])
}
