package rest

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/posthaste/posthaste/services/internal/problem"
)

// RetryAfter is what a client is told while JetStream is away.
const RetryAfter = time.Second

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
		return problem.Unavailable("This cannot be reached at the moment.", RetryAfter, err)
	}
	return err
}
