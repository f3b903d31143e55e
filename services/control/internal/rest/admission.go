package rest

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/posthaste/posthaste/services/internal/auth"
	"github.com/posthaste/posthaste/services/internal/problem"
)

// authenticated lets only known keys in. It comes before everything else: a
// stranger learns not even which paths there are, and a key that lacks the scope
// of an operation gets no answer that another was given.
func (a *API) authenticated(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, err := a.Keys.Authenticate(r)
		if err == nil {
			err = who.Admit(w.Header(), time.Now())
		}
		_, pattern := a.mux.Handler(r) // of what is answered with an error there is no scope
		if err == nil {
			err = who.Need(a.scopes[pattern])
		}
		if err != nil {
			problem.Write(w, r, a.Log, err)
			return
		}
		ctx, stop := a.bounded(r.Context(), who, pattern)
		defer stop()
		next.ServeHTTP(w, r.WithContext(withPrincipal(ctx, who)))
	})
}

// bounded ends with the time that a request may take; a stream, that may take any,
// with its key.
func (a *API) bounded(ctx context.Context, who auth.Principal, pattern string) (context.Context, context.CancelFunc) {
	if a.endless[pattern] {
		return who.Valid(ctx)
	}
	return context.WithTimeout(ctx, a.Config.RequestTimeout)
}

// checkScopes holds that no operation was forgotten.
func (a *API) checkScopes() error {
	for pattern, scope := range a.scopes {
		if scope == 0 {
			return fmt.Errorf("%s needs no scope: name one", pattern)
		}
	}
	return nil
}
