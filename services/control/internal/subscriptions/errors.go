package subscriptions

import (
	"errors"

	"github.com/posthaste/posthaste/services/control/internal/rest"
	"github.com/posthaste/posthaste/services/internal/problem"
	"github.com/posthaste/posthaste/services/internal/sealed"
	"github.com/posthaste/posthaste/services/internal/subscription"
)

// unknown is the answer where the id names nothing that the caller may see.
func unknown() error { return problem.NotFound("There is no such subscription.") }

// storeError gives the store's own errors their answers.
func storeError(err error) error {
	switch {
	case errors.Is(err, subscription.ErrNotFound):
		return unknown()
	case errors.Is(err, subscription.ErrConflict):
		return problem.Conflict("The subscription was changed by others at the same time; read it and try again.")
	case errors.Is(err, sealed.ErrShut):
		return problem.Unavailable("The subscription's secrets cannot be opened by this server, which lacks their encryption key.", rest.RetryAfter, err)
	default:
		return err
	}
}
