package subscriptions

import (
	"bytes"
	"context"
	"maps"

	"google.golang.org/protobuf/proto"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/control/internal/rest"
	"github.com/posthaste/posthaste/services/internal/dialect"
	"github.com/posthaste/posthaste/services/internal/problem"
)

type patchInput struct { // huma does not look into oneInput where it is embedded
	ID     string `path:"id" doc:"evsub_…"`
	Tenant string `query:"tenant" doc:"Whose it is; an operator's key may leave it out."`
	Body   rest.Body[PatchEventSubscriptionRequest]
}

// update answers PATCH: the members that are given change, the others stay as
// they are at that moment, whoever else is writing.
func (r *Resource) update(ctx context.Context, in *patchInput) (*oneOutput, error) {
	req, err := in.Body.Decode()
	if err != nil {
		return nil, err
	}
	d, err := r.dialectOfID(ctx, in.ID, in.Tenant)
	if err != nil {
		return nil, err
	}
	apply, err := r.patch(ctx, d, req)
	if err != nil {
		return nil, err
	}
	owner, err := r.owner(ctx, in.ID, in.Tenant)
	if err != nil {
		return nil, err
	}
	sub, err := r.changeOpened(ctx, owner, in.ID, "patch", func(pb *posthastev1.Subscription) bool {
		before := proto.CloneOf(pb)
		for _, set := range apply {
			set(pb)
		}
		return !proto.Equal(before, pb)
	})
	if err != nil {
		return nil, err
	}
	return r.one(ctx, sub), nil
}

// dialectOfID is the dialect of the subscription that a request names.
func (r *Resource) dialectOfID(ctx context.Context, id, tenantName string) (*dialect.Dialect, error) {
	owner, err := r.owner(ctx, id, tenantName)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, r.api.StoreTimeout)
	defer cancel()
	sub, err := r.read(ctx, owner, id)
	if err != nil {
		return nil, storeError(err)
	}
	return r.dialectOf(sub)
}

// setter changes one member of a subscription. It may run several times.
type setter func(*posthastev1.Subscription)

// patch checks what is given and returns how to apply it.
func (r *Resource) patch(ctx context.Context, d *dialect.Dialect, req *PatchEventSubscriptionRequest) ([]setter, error) {
	var f rest.Faults
	var apply []setter
	if req.URL.Given {
		r.checkURL(ctx, d, req.URL.Value, &f)
		apply = append(apply, func(pb *posthastev1.Subscription) { pb.Url = req.URL.Value })
	}
	if req.EventTypes.Given {
		types := r.readEventTypes(d, req.EventTypes.Value, &f)
		apply = append(apply, func(pb *posthastev1.Subscription) { pb.EventTypes = types })
	}
	if req.Description.Given {
		r.checkDescription(req.Description.Value, &f)
		apply = append(apply, func(pb *posthastev1.Subscription) { pb.Description = req.Description.Value })
	}
	apply = append(apply, r.patchFilters(req, &f)...)
	apply = append(apply, r.patchOverrides(d, req, &f)...)
	return apply, f.Err()
}

func (r *Resource) patchFilters(req *PatchEventSubscriptionRequest, f *rest.Faults) []setter {
	if req.Filters.Null {
		return []setter{func(pb *posthastev1.Subscription) { pb.Filters = nil }}
	}
	taskIDs, pattern := req.Filters.Value.TaskIDs, req.Filters.Value.Pattern
	r.checkTaskIDs(taskIDs.Value, f)
	r.checkPattern(pattern.Value, f)
	return []setter{func(pb *posthastev1.Subscription) {
		ids, text := pb.GetFilters().GetTaskIds(), pb.GetFilters().GetPattern()
		if taskIDs.Given {
			ids = taskIDs.Value
		}
		if pattern.Given {
			text = bytes.Clone(pattern.Value)
		}
		pb.Filters = newFilters(ids, text)
	}}
}

func (r *Resource) patchOverrides(d *dialect.Dialect, req *PatchEventSubscriptionRequest, f *rest.Faults) []setter {
	var apply []setter
	if waits := req.RetryPolicy.Value.Delays; req.RetryPolicy.Null || waits.Given {
		delays := r.readDelays(waits.Value, f)
		apply = append(apply, func(pb *posthastev1.Subscription) { pb.Delays = cloneDelays(delays) })
	}
	if req.Timeout.Given {
		timeout := r.readTimeout(req.Timeout.Value, f)
		apply = append(apply, func(pb *posthastev1.Subscription) { pb.Timeout = proto.CloneOf(timeout) })
	}
	if req.Headers.Given {
		headers := r.readHeaders(d, req.Headers.Value, f)
		apply = append(apply, func(pb *posthastev1.Subscription) { pb.Headers = maps.Clone(headers) })
	}
	if req.TLS.Given {
		var given *posthastev1.Tls
		if !req.TLS.Null {
			given = r.readTLS(&req.TLS.Value, req.URL.Value, f)
		}
		apply = append(apply, func(pb *posthastev1.Subscription) { pb.Tls = proto.CloneOf(given) })
	}
	if req.DisableAfter.Given {
		var after *uint32
		if !req.DisableAfter.Null {
			after = readDisableAfter(&req.DisableAfter.Value, f)
		}
		apply = append(apply, func(pb *posthastev1.Subscription) { pb.DisableAfter = after })
	}
	if req.RateLimit.Given {
		var limit *posthastev1.RateLimit
		if !req.RateLimit.Null {
			limit = readRateLimit(&req.RateLimit.Value, f)
		}
		apply = append(apply, func(pb *posthastev1.Subscription) { pb.RateLimit = proto.CloneOf(limit) })
	}
	if req.ContentType.Given {
		text := readContentType(req.ContentType.Value, f)
		apply = append(apply, func(pb *posthastev1.Subscription) { pb.ContentType = text })
	}
	if req.SendTraceparent.Given {
		send := req.SendTraceparent.Null || req.SendTraceparent.Value
		apply = append(apply, func(pb *posthastev1.Subscription) { pb.SendTraceparent = new(send) })
	}
	return apply
}

// dialectOf is the dialect of a stored subscription.
func (r *Resource) dialectOf(sub interface{ GetDialect() string }) (*dialect.Dialect, error) {
	d, ok := r.deps.Dialects.Get(sub.GetDialect())
	if !ok {
		return nil, problem.Conflict("The subscription's dialect " + sub.GetDialect() + " is not known to this server any more; remove the subscription, or have the operator add the dialect to dialects-file.")
	}
	return d, nil
}
