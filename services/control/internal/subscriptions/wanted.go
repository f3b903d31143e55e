package subscriptions

import (
	"cmp"
	"context"
	"strings"

	"google.golang.org/protobuf/types/known/timestamppb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/control/internal/rest"
	"github.com/posthaste/posthaste/services/internal/dialect"
	"github.com/posthaste/posthaste/services/internal/subscription"
)

// dialectFor is the dialect of that name, else the tenant's, else the server's.
func (r *Resource) dialectFor(tenantName, named string, f *rest.Faults) *dialect.Dialect {
	name := cmp.Or(named, r.deps.Tenant(tenantName).GetDialect(), r.deps.Dialects.Default().Name)
	if d, ok := r.deps.Dialects.Get(name); ok {
		return d
	}
	f.Add("dialect", "%.64q is not known; known are %s", name, strings.Join(r.deps.Dialects.Names(), ", "))
	return r.deps.Dialects.Default()
}

// newSubscription is what the request asks for, where the tenant has room for
// it. made is the secret that was made here, "" where it is the caller's.
func (r *Resource) newSubscription(ctx context.Context, owner string, d *dialect.Dialect, req *CreateEventSubscriptionRequest, f *rest.Faults) (pb *posthastev1.Subscription, made string, err error) {
	now := r.now()
	at := timestamppb.New(now)
	pb = r.wanted(ctx, d, req, f)
	secret, made := readSecret(d, req.Secret, req.SigningAlgorithm, f)
	if err := f.Err(); err != nil {
		return nil, "", err
	}
	pb.Id, pb.Tenant, pb.CreatedAt, pb.UpdatedAt = subscription.NewID(now), owner, at, at
	pb.Status = posthastev1.SubscriptionStatus_SUBSCRIPTION_STATUS_ACTIVE
	pb.Secrets = []*posthastev1.Secret{{Value: secret, CreatedAt: at}}
	return pb, made, r.checkRoom(owner)
}

// wanted is what the request says of where, what and how to deliver.
func (r *Resource) wanted(ctx context.Context, d *dialect.Dialect, req *CreateEventSubscriptionRequest, f *rest.Faults) *posthastev1.Subscription {
	pb := &posthastev1.Subscription{Url: req.URL, Dialect: d.Name, Description: req.Description}
	r.checkURL(ctx, d, req.URL, f)
	pb.EventTypes = r.readEventTypes(d, req.EventTypes, f)
	r.checkDescription(req.Description, f)
	if req.Filters != nil {
		r.checkTaskIDs(req.Filters.TaskIDs, f)
		r.checkPattern(req.Filters.Pattern, f)
		pb.Filters = newFilters(req.Filters.TaskIDs, req.Filters.Pattern)
	}
	if req.RetryPolicy != nil {
		pb.Delays = r.readDelays(req.RetryPolicy.Delays, f)
	}
	pb.Timeout = r.readTimeout(req.Timeout, f)
	pb.Headers = r.readHeaders(d, req.Headers, f)
	pb.Tls = r.readTLS(req.TLS, req.URL, f)
	pb.DisableAfter = readDisableAfter(req.DisableAfter, f)
	pb.RateLimit = readRateLimit(req.RateLimit, f)
	pb.ContentType = readContentType(req.ContentType, f)
	pb.SendTraceparent = req.SendTraceparent
	return pb
}

// newFilters is nil where nothing is filtered.
func newFilters(taskIDs []string, pattern []byte) *posthastev1.Filters {
	if len(taskIDs) == 0 && len(pattern) == 0 {
		return nil
	}
	return &posthastev1.Filters{TaskIds: taskIDs, Pattern: pattern}
}
