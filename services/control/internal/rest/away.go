package control

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/posthaste/posthaste/services/internal/problem"
	"github.com/posthaste/posthaste/services/internal/subscription"
)

// retryAfter is what a client is told while JetStream is away.
const retryAfter = time.Second

// signsOfAbsence are the errors of requests to a JetStream that does not
// answer.
var signsOfAbsence = []error{
	context.DeadlineExceeded, context.Canceled,
	nats.ErrTimeout, nats.ErrNoResponders, nats.ErrDisconnected, nats.ErrConnectionClosed, nats.ErrConnectionReconnecting,
	nats.ErrConnectionDraining, nats.ErrNoServers, nats.ErrStaleConnection,
	nats.ErrReconnectBufExceeded, // a publish while disconnected
	jetstream.ErrNoStreamResponse, jetstream.ErrJetStreamNotEnabled,
}

// unavailable turns the errors of a JetStream that is away into a 503, and
// leaves others as they are.
func unavailable(err error) error {
	var known *problem.Error
	if errors.As(err, &known) {
		return err
	}
	var api *jetstream.APIError
	away := errors.As(err, &api) && api.Code == http.StatusServiceUnavailable
	for _, sign := range signsOfAbsence {
		away = away || errors.Is(err, sign)
	}
	if away {
		return problem.Unavailable("Subscriptions cannot be reached at the moment.", retryAfter, err)
	}
	return err
}

// unknown is the answer where the id names nothing that the caller may see.
func unknown() error { return problem.NotFound("There is no such subscription.") }

// storeError gives the store's own errors their answers.
func storeError(err error) error {
	switch {
	case errors.Is(err, subscription.ErrNotFound):
		return unknown()
	case errors.Is(err, subscription.ErrConflict):
		return problem.Conflict("The subscription was changed by others at the same time; read it and try again.")
	default:
		return err
	}
}
