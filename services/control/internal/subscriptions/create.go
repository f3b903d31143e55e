package control

import (
	"cmp"
	"context"
	"fmt"

	"google.golang.org/protobuf/types/known/timestamppb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/dialect"
	"github.com/posthaste/posthaste/services/internal/problem"
	"github.com/posthaste/posthaste/services/internal/subscription"
)

type createInput struct {
	Tenant string `query:"tenant" doc:"Whose it is; an administrator's key may name any."`
	Body   body[createRequest]
}

// create answers POST. The secret is in the answer only where it was made
// here.
func (s *Service) create(ctx context.Context, in *createInput) (*oneOutput, error) {
	req, err := in.Body.decode()
	if err != nil {
		return nil, err
	}
	pb, made, err := s.newSubscription(ctx, in.Tenant, req)
	if err != nil {
		return nil, err
	}
	if err := s.checkRoom(pb.GetTenant()); err != nil {
		return nil, err
	}
	sub, err := s.store(ctx, pb)
	if err != nil {
		return nil, err
	}
	s.log.InfoContext(ctx, "subscription created", "subscription", sub.GetId(), "tenant", sub.GetTenant())
	out := s.one(ctx, sub)
	if made {
		out.Body.Data.Secret = pb.GetSecrets()[0].GetValue()
	}
	return out, nil
}

// newSubscription is what the request asks for. made says that the secret is
// ours and not the caller's.
func (s *Service) newSubscription(ctx context.Context, query string, req *createRequest) (pb *posthastev1.Subscription, made bool, err error) {
	named, err := oneName(query, req.Tenant)
	if err != nil {
		return nil, false, err
	}
	owner, err := tenant(ctx, named)
	if err != nil {
		return nil, false, err
	}
	pb, made, f := s.checked(ctx, req)
	if err := f.err(); err != nil {
		return nil, false, err
	}
	now := s.now()
	pb.Id, pb.Tenant = subscription.NewID(now), owner
	pb.Status = posthastev1.SubscriptionStatus_SUBSCRIPTION_STATUS_ACTIVE
	pb.CreatedAt, pb.UpdatedAt = timestamppb.New(now), timestamppb.New(now)
	return pb, made, nil
}

// checked holds the members of req, with everything that is wrong with them.
func (s *Service) checked(ctx context.Context, req *createRequest) (pb *posthastev1.Subscription, made bool, f faults) {
	pb = &posthastev1.Subscription{
		Url: req.URL, EventTypes: req.EventTypes, Description: req.Description, Dialect: cmp.Or(req.Dialect, dialect.Standard),
	}
	s.checkURL(ctx, req.URL, &f)
	s.checkEventTypes(req.EventTypes, &f)
	s.checkDescription(req.Description, &f)
	checkDialect(req.Dialect, &f)
	secret, made := readSecret(req.Secret, &f)
	pb.Secrets = []*posthastev1.Secret{{Value: secret.Reveal()}}
	if req.Filters != nil {
		s.checkTaskIDs(req.Filters.TaskIDs, &f)
		pb.Filters = newFilters(req.Filters.TaskIDs)
	}
	if req.RetryPolicy != nil {
		pb.Delays = s.readDelays(req.RetryPolicy.Delays, &f)
	}
	return pb, made, f
}

// newFilters is nil where nothing is filtered.
func newFilters(taskIDs []string) *posthastev1.Filters {
	if len(taskIDs) == 0 {
		return nil
	}
	return &posthastev1.Filters{TaskIds: taskIDs}
}

// checkRoom is a 409 where the tenant has as many subscriptions as it may.
func (s *Service) checkRoom(tenant string) error {
	if s.deps.Index.Count(tenant) < s.cfg.MaxSubscriptions {
		return nil
	}
	p := problem.Conflict(fmt.Sprintf("The tenant has %d subscriptions, which is the most it may have; remove some first.", s.cfg.MaxSubscriptions))
	p.Details = map[string]any{"limit": s.cfg.MaxSubscriptions, "setting": "POSTHASTE_MAX_SUBSCRIPTIONS"}
	return p
}

func (s *Service) store(ctx context.Context, pb *posthastev1.Subscription) (*subscription.Subscription, error) {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.StoreTimeout)
	defer cancel()
	sub, err := s.deps.Store.Create(ctx, pb)
	if err != nil {
		return nil, storeError(err)
	}
	s.await(ctx, sub)
	return sub, nil
}
