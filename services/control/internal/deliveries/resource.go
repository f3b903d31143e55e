// Package deliveries is /v1/deliveries: what became of each event at each
// endpoint, and once more where that is asked for.
package deliveries

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/posthaste/posthaste/services/control/internal/rest"
	"github.com/posthaste/posthaste/services/internal/auth"
	"github.com/posthaste/posthaste/services/internal/books"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/eventlog"
	"github.com/posthaste/posthaste/services/internal/history"
	"github.com/posthaste/posthaste/services/internal/problem"
	"github.com/posthaste/posthaste/services/internal/subscription"
)

const (
	collection = "/v1/deliveries"
	one        = collection + "/{id}"
)

// Deps are what the resource works with.
type Deps struct {
	History *history.Store
	Events  *eventlog.Log
	Store   *subscription.Store
	Bus     *bus.Bus
	Books   *books.Account // counts what is made again; nil for nowhere
	Log     *slog.Logger
	Now     func() time.Time
}

// Resource is the resource.
type Resource struct {
	api       rest.Config
	deps      Deps
	publisher *bus.Publisher
}

// New makes the resource.
func New(api rest.Config, deps Deps) *Resource {
	return &Resource{api: api, deps: deps, publisher: deps.Bus.NewPublisher(64, publishBytes)}
}

// publishBytes is room for some redeliveries of the largest events at once.
const publishBytes = 16 << 20

// Register puts the operations on the API.
func (r *Resource) Register(a *rest.API) {
	rest.Handle(a, operation("list-deliveries", http.MethodGet, collection, http.StatusOK, "List deliveries, newest first"), r.list)
	rest.Handle(a, operation("get-delivery", http.MethodGet, one, http.StatusOK, "Read a delivery with all its attempts", http.StatusNotFound), r.get)
	rest.Handle(a, operation("redeliver", http.MethodPost, one+"/redeliver", http.StatusAccepted, "Deliver once more", http.StatusNotFound, http.StatusConflict, http.StatusGone), r.redeliver)
}

func operation(id, method, path string, status int, summary string, further ...int) rest.Operation {
	return rest.Operation{ID: id, Tag: "deliveries", Scope: rest.ByMethod(method, auth.WebhooksRead, auth.WebhooksWrite), Method: method, Path: path, Status: status, Summary: summary, Further: further}
}

type oneInput struct {
	ID     string `path:"id" doc:"dlv_…"`
	Tenant string `query:"tenant" doc:"Whose it is; an operator's key may name any."`
}

type getOutput struct{ Body DeliveryAnswer }

func (r *Resource) get(ctx context.Context, in *oneInput) (*getOutput, error) {
	d, attempts, err := r.find(ctx, in)
	if err != nil {
		return nil, err
	}
	return &getOutput{Body: DeliveryAnswer{Data: newDetails(d, attempts)}}, nil
}

func (r *Resource) find(ctx context.Context, in *oneInput) (d history.Delivery, attempts []history.Attempt, err error) {
	owner, err := rest.Tenant(ctx, in.Tenant)
	if err != nil {
		return d, nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, r.api.StoreTimeout)
	defer cancel()
	err = history.ErrNotFound
	if storable(in.ID) {
		d, attempts, err = r.deps.History.Get(ctx, owner, in.ID)
	}
	if errors.Is(err, history.ErrNotFound) {
		return d, nil, problem.NotFound("There is no such delivery, or nothing was attempted yet, or it is older than the history.")
	}
	return d, attempts, away(err)
}

// away is a 503 where the database does not answer.
func away(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, history.ErrCursor):
		return problem.Validation(problem.Field{Field: "cursor", Message: "must be the nextCursor of a page"})
	case errors.Is(err, history.ErrQuery):
		return problem.Validation(problem.Field{Message: err.Error()})
	default:
		return problem.Unavailable("The history cannot be reached at the moment.", rest.RetryAfter, err)
	}
}
