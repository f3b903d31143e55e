package subscriptions

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/posthaste/posthaste/services/control/internal/rest"
	"github.com/posthaste/posthaste/services/internal/problem"
	"github.com/posthaste/posthaste/services/internal/subscription"
)

type oneInput struct {
	ID     string `path:"id" doc:"evsub_…"`
	Tenant string `query:"tenant" doc:"Whose it is; an operator's key may leave it out."`
}

type oneOutput struct {
	Body EventSubscriptionAnswer
}

// EventSubscriptionAnswer is one subscription.
type EventSubscriptionAnswer struct {
	Data             EventSubscription `json:"data"`
	AvailableActions []string          `json:"availableActions" nullable:"false" doc:"deactivate or activate."`
	Missed           *Missed           `json:"missed,omitempty" doc:"In the answer to an enable that ended a time without deliveries."`
}

type listInput struct {
	Tenant string `query:"tenant" doc:"Whose; an operator's key may name any."`
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" doc:"Subscriptions on the page."`
	Cursor string `query:"cursor" doc:"nextCursor of the page before."`
}

type listOutput struct {
	Body EventSubscriptionList
}

// EventSubscriptionList is a page of subscriptions.
type EventSubscriptionList struct {
	Data             []EventSubscription `json:"data" nullable:"false"`
	AvailableActions []string            `json:"availableActions" nullable:"false" doc:"create."`
	NextCursor       string              `json:"nextCursor,omitempty" doc:"Where there is more."`
}

// get answers GET of one.
func (r *Resource) get(ctx context.Context, in *oneInput) (*oneOutput, error) {
	ctx, cancel := context.WithTimeout(ctx, r.api.StoreTimeout)
	defer cancel()
	owner, err := r.owner(ctx, in.ID, in.Tenant)
	if err != nil {
		return nil, err
	}
	sub, err := r.read(ctx, owner, in.ID)
	if err != nil {
		return nil, storeError(err)
	}
	return r.one(ctx, sub), nil
}

// read takes the newer of what the bucket and the index say: the bucket may be
// read from a replica that is behind, and the index be behind another
// control's change.
func (r *Resource) read(ctx context.Context, tenant, id string) (*subscription.Subscription, error) {
	stored, err := r.deps.Store.Get(ctx, tenant, id)
	if err != nil && !errors.Is(err, subscription.ErrNotFound) {
		return nil, err
	}
	indexed, ok := r.deps.Index.Get(id)
	if ok && indexed.GetTenant() == tenant && (stored == nil || indexed.Revision > stored.Revision) {
		return indexed, nil
	}
	return stored, err
}

// list answers GET of many, from memory: it holds what the bucket held less
// than a moment ago, and the last that was seen while NATS is away.
func (r *Resource) list(ctx context.Context, in *listInput) (*listOutput, error) {
	owner, err := rest.Tenant(ctx, in.Tenant)
	if err != nil {
		return nil, err
	}
	if in.Cursor != "" && !subscription.CheckID(in.Cursor) {
		return nil, problem.Validation(problem.Field{Field: "cursor", Message: "must be the nextCursor of a page"})
	}
	if err := r.deps.Watcher.Ready(ctx); err != nil {
		return nil, problem.Unavailable("Subscriptions are still being loaded.", rest.RetryAfter, err)
	}
	page, more := cut(r.deps.Index.List(owner), in.Cursor, min(cmp.Or(in.Limit, r.cfg.PageSize), r.cfg.PageSize))
	out := &listOutput{Body: EventSubscriptionList{Data: r.views(ctx, page), AvailableActions: []string{"create"}}}
	if more {
		out.Body.NextCursor = page[len(page)-1].GetId()
	}
	return out, nil
}

// cut is the page after the cursor of subscriptions in the order of their ids,
// and whether there is more.
func cut(all []*subscription.Subscription, cursor string, limit int) (page []*subscription.Subscription, more bool) {
	start, found := slices.BinarySearchFunc(all, cursor, func(s *subscription.Subscription, id string) int {
		return strings.Compare(s.GetId(), id)
	})
	if found {
		start++
	}
	rest := all[start:]
	return rest[:min(limit, len(rest))], len(rest) > limit
}

// one is the answer that shows sub.
func (r *Resource) one(ctx context.Context, sub *subscription.Subscription) *oneOutput {
	actions := []string{"deactivate"}
	if !sub.Active() {
		actions = []string{"activate"}
	}
	shown := r.views(ctx, []*subscription.Subscription{sub})
	return &oneOutput{Body: EventSubscriptionAnswer{Data: shown[0], AvailableActions: actions}}
}

// views asks for all failure counts at once. They are left out while Redis is
// away.
func (r *Resource) views(ctx context.Context, subs []*subscription.Subscription) []EventSubscription {
	counts := r.failures(ctx, subs)
	all := make([]EventSubscription, len(subs))
	for i, sub := range subs {
		var count *int
		if counts != nil {
			count = &counts[i]
		}
		all[i] = r.newView(sub, count)
	}
	return all
}

// Find is the subscription that a request names. Errors are for the client.
func (r *Resource) Find(ctx context.Context, id, tenantName string) (*subscription.Subscription, error) {
	owner, err := r.owner(ctx, id, tenantName)
	if err != nil {
		return nil, err
	}
	return r.load(ctx, owner, id)
}

// InDialect are the tenant's subscriptions in a dialect, oldest first. Errors
// are for the client.
func (r *Resource) InDialect(ctx context.Context, tenantName, dialectName string) ([]*subscription.Subscription, error) {
	owner, err := rest.Tenant(ctx, tenantName)
	if err != nil {
		return nil, err
	}
	if err := r.deps.Watcher.Ready(ctx); err != nil {
		return nil, problem.Unavailable("Subscriptions are still being loaded.", rest.RetryAfter, err)
	}
	all := r.deps.Index.List(owner)
	return slices.DeleteFunc(all, func(sub *subscription.Subscription) bool { return sub.GetDialect() != dialectName }), nil
}

// FailCount is how many deliveries have failed since the last success, nil
// where Redis does not say.
func (r *Resource) FailCount(ctx context.Context, sub *subscription.Subscription) *int {
	counts := r.failures(ctx, []*subscription.Subscription{sub})
	if counts == nil {
		return nil
	}
	return &counts[0]
}
