package deliveries

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/posthaste/posthaste/services/control/internal/rest"
	"github.com/posthaste/posthaste/services/internal/history"
)

// ListInput is what a list may be narrowed to.
type ListInput struct {
	Tenant       string    `query:"tenant" doc:"Whose; an operator's key may name any."`
	Subscription string    `query:"subscription" doc:"evsub_…"`
	Status       string    `query:"status" enum:"waiting,delivered,failed,cancelled"`
	EventType    string    `query:"eventType"`
	EventID      string    `query:"eventId"`
	Since        time.Time `query:"since" doc:"Made then or later."`
	Until        time.Time `query:"until" doc:"Made before."`
	Tests        bool      `query:"tests" doc:"Test events too."`
	Page         int       `query:"page" minimum:"1" maximum:"100000" doc:"From 1; further back only with cursors."`
	PageSize     int       `query:"pageSize" minimum:"1" maximum:"1000" doc:"20 where it is left out."`
	Cursor       string    `query:"cursor" doc:"nextCursor of the page before; then page is ignored. It reaches deep at no cost."`
}

type listOutput struct{ Body DeliveryList }

func (r *Resource) list(ctx context.Context, in *ListInput) (*listOutput, error) {
	page, err := r.Page(ctx, in)
	if err != nil {
		return nil, err
	}
	return &listOutput{Body: *page}, nil
}

// Page is one page of a list. Errors are for the client.
func (r *Resource) Page(ctx context.Context, in *ListInput) (*DeliveryList, error) {
	owner, err := rest.Tenant(ctx, in.Tenant)
	if err != nil {
		return nil, err
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, r.api.StoreTimeout)
	defer cancel()
	query := history.Query{
		Tenant: owner, SubscriptionID: in.Subscription, Status: in.Status, EventType: in.EventType, EventID: in.EventID,
		Since: in.Since, Until: in.Until, Tests: in.Tests, Page: in.Page, PageSize: in.PageSize, Cursor: in.Cursor,
	}
	page, err := r.deps.History.List(ctx, query)
	if err != nil {
		return nil, away(err)
	}
	return newList(query, page), nil
}

func (in *ListInput) check() error {
	var f rest.Faults
	for _, text := range []struct{ field, value string }{
		{"subscription", in.Subscription}, {"eventType", in.EventType}, {"eventId", in.EventID},
	} {
		if !storable(text.value) {
			f.Add(text.field, "must be UTF-8 without zero bytes")
		}
	}
	return f.Err()
}

// storable holds for text that every database takes.
func storable(text string) bool { return utf8.ValidString(text) && !strings.ContainsRune(text, 0) }
