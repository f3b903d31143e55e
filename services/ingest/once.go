package ingest

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"

	"github.com/posthaste/posthaste/services/internal/idempotency"
)

// once is the handler of requests with an Idempotency-Key; nil without a store.
// A repetition gets the answer of the first time, and so the ids that the events
// were given then.
func (s *Service) once(store *idempotency.Store) http.Handler {
	if store == nil {
		return nil
	}
	return store.Middleware(int64(s.cfg.MaxBatchBytes), s.scope, s.log)(http.HandlerFunc(s.serveEvents))
}

// serve asks who it is before it asks for the answer that somebody was given.
func (s *Service) serve(w http.ResponseWriter, r *http.Request) {
	if s.keyed == nil || len(r.Header[idempotency.Header]) == 0 {
		s.serveEvents(w, r)
		return
	}
	if _, err := s.keys.Authenticate(r); err != nil {
		s.refuse(w, r, err)
		return
	}
	s.keyed.ServeHTTP(w, r)
}

// scope is whose an Idempotency-Key is: the tenant's that the API key is bound
// to. An administrator names tenants in the body only, so the key is the API
// key's own, by a digest of it; "=" is in no tenant's name. Clients that share an
// administrator's API key share these keys too, and a new API key begins afresh.
func (s *Service) scope(r *http.Request) string {
	if who, err := s.keys.Authenticate(r); err == nil && !who.Admin {
		return who.Tenant
	}
	_, key, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	sum := sha256.Sum256([]byte(strings.TrimSpace(key)))
	return "=" + hex.EncodeToString(sum[:16])
}
