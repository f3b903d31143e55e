package bus

import (
	"errors"
	"fmt"
	"slices"

	"github.com/nats-io/nats.go/jetstream"
)

// errRefused marks an answer of the server that waiting will not change.
var errRefused = errors.New("refused by JetStream")

// The server's error codes (errors.json of nats-server) that the HTTP-like
// status misleads about.
var (
	// These come as 500, yet name a configuration that cannot be.
	final500 = []jetstream.ErrorCode{
		10012, // consumer cannot be made
		10049, // stream cannot be made
		10052, // invalid stream configuration
		10069, // stream cannot be changed so
		10074, // replicas without a cluster
	}
	// These come as 400, yet pass: a cluster that is still gathering, and
	// services that provision at the same time.
	passing400 = []jetstream.ErrorCode{
		10005, // no suitable peers
		10013, // consumer name in use
		10058, // stream name in use
		10148, // consumer exists
		10149, // consumer does not exist
	}
)

// Refused says whether err is an answer that waiting will not change.
func Refused(err error) bool { return errors.Is(err, errRefused) }

// refused marks an error that names a bad configuration rather than a server
// that is still starting.
func refused(err error) error {
	var api *jetstream.APIError
	if !errors.As(err, &api) {
		return err
	}
	final := api.Code == 400 && !slices.Contains(passing400, api.ErrorCode) ||
		slices.Contains(final500, api.ErrorCode)
	if !final {
		return err
	}
	return fmt.Errorf("%w: %w", errRefused, err)
}
