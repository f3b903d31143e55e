package aicity

import (
	"context"

	"github.com/posthaste/posthaste/services/control/internal/deliveries"
)

type listInput struct {
	Tenant   string `query:"tenant" doc:"Whose; an operator's key may name any."`
	Status   string `query:"status" enum:"waiting,delivered,failed,cancelled" doc:"Only these."`
	Page     int    `query:"page" minimum:"1" maximum:"100000" doc:"From 1."`
	PageSize int    `query:"pageSize" minimum:"1" maximum:"1000" doc:"20 where it is left out."`
}

type listOutput struct{ Body deliveries.DeliveryList }

// list is empty where there is no webhook.
func (r *Resource) list(ctx context.Context, in *listInput) (*listOutput, error) {
	sub, err := r.subscriptions.Only(ctx, in.Tenant)
	if err != nil {
		return nil, err
	}
	id := "none" // no subscription's
	if sub != nil {
		id = sub.GetId()
	}
	page, err := r.deliveries.Page(ctx, &deliveries.ListInput{
		Tenant: in.Tenant, Subscription: id, Status: in.Status, Page: in.Page, PageSize: in.PageSize,
	})
	if err != nil {
		return nil, err
	}
	return &listOutput{Body: *page}, nil
}
