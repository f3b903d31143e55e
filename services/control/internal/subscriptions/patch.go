package control

import (
	"context"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
)

type patchInput struct { // huma does not look into oneInput where it is embedded
	ID     string `path:"id" doc:"evsub_…"`
	Tenant string `query:"tenant" doc:"Whose it is; an administrator's key may leave it out."`
	Body   body[patchRequest]
}

// update answers PATCH: the members that are given change, the others stay as
// they are at that moment, whoever else is writing.
func (s *Service) update(ctx context.Context, in *patchInput) (*oneOutput, error) {
	req, err := in.Body.decode()
	if err != nil {
		return nil, err
	}
	apply, f := s.patch(ctx, req)
	if err := f.err(); err != nil {
		return nil, err
	}
	return s.change(ctx, &oneInput{in.ID, in.Tenant}, "patch", func(pb *posthastev1.Subscription) bool {
		before := proto.CloneOf(pb)
		apply(pb)
		return !proto.Equal(before, pb)
	})
}

// patch checks what is given and returns how to apply it.
func (s *Service) patch(ctx context.Context, req *patchRequest) (apply func(*posthastev1.Subscription), f faults) {
	if req.URL.given {
		s.checkURL(ctx, req.URL.value, &f)
	}
	if req.EventTypes.given {
		s.checkEventTypes(req.EventTypes.value, &f)
	}
	s.checkDescription(req.Description.value, &f)
	taskIDs := req.Filters.value.TaskIDs
	s.checkTaskIDs(taskIDs.value, &f)
	waits := req.RetryPolicy.value.Delays
	delays := s.readDelays(waits.value, &f)
	return func(pb *posthastev1.Subscription) {
		req.apply(pb)
		if req.Filters.null || taskIDs.given {
			pb.Filters = newFilters(taskIDs.value)
		}
		if req.RetryPolicy.null || waits.given {
			pb.Delays = cloneDelays(delays)
		}
	}, f
}

// apply sets the members that need no reading.
func (r *patchRequest) apply(pb *posthastev1.Subscription) {
	if r.URL.given {
		pb.Url = r.URL.value
	}
	if r.EventTypes.given {
		pb.EventTypes = r.EventTypes.value
	}
	if r.Description.given {
		pb.Description = r.Description.value
	}
}

// cloneDelays copies, for a change may be applied to several readings.
func cloneDelays(delays []*durationpb.Duration) []*durationpb.Duration {
	var all []*durationpb.Duration
	for _, d := range delays {
		all = append(all, proto.CloneOf(d))
	}
	return all
}
