package subscriptions

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/control/internal/rest"
	"github.com/posthaste/posthaste/services/internal/problem"
)

const (
	defaultOverlap = 24 * time.Hour
	maxOverlap     = 7 * 24 * time.Hour
	// maxSecrets bounds how many secrets sign at once: each is a signature in
	// every POST.
	maxSecrets = 5
)

type rotateInput struct {
	ID             string `path:"id" doc:"evsub_…"`
	Tenant         string `query:"tenant" doc:"Whose it is; an operator's key may leave it out."`
	IdempotencyKey string `header:"Idempotency-Key" doc:"8 to 128 characters. The same key and body give the same answer for 24 hours; another body is a 409."`
	Body           *rest.Body[RotateSecretRequest]
}

// rotate answers POST …/rotate-secret. Deliveries that are made before and sent
// after it are signed with what holds then.
func (r *Resource) rotate(ctx context.Context, in *rotateInput) (*oneOutput, error) {
	req := &RotateSecretRequest{}
	if in.Body != nil {
		var err error
		if req, err = in.Body.Decode(); err != nil {
			return nil, err
		}
	}
	owner, err := r.owner(ctx, in.ID, in.Tenant)
	if err != nil {
		return nil, err
	}
	fresh, made, overlap, err := r.newSecret(ctx, owner, in.ID, req)
	if err != nil {
		return nil, err
	}
	full := false
	sub, err := r.changeOpened(ctx, owner, in.ID, "rotate", func(pb *posthastev1.Subscription) bool {
		now := r.now()
		kept := overlapping(pb.GetSecrets(), now, now.Add(overlap))
		full = len(kept) >= maxSecrets
		pb.Secrets = append([]*posthastev1.Secret{{Value: fresh, CreatedAt: timestamppb.New(now)}}, kept...)
		return !full
	})
	switch {
	case err != nil:
		return nil, err
	case full:
		return nil, problem.Conflict(fmt.Sprintf("The subscription has %d secrets that still sign; wait until one has expired, or rotate with overlap 0s.", maxSecrets))
	}
	out := r.one(ctx, sub)
	out.Body.Data.Secret = made
	return out, nil
}

// newSecret is the secret that the request gives or has made, by the rules of
// the subscription's dialect.
func (r *Resource) newSecret(ctx context.Context, owner, id string, req *RotateSecretRequest) (secret, made string, overlap time.Duration, err error) {
	timed, cancel := context.WithTimeout(ctx, r.api.StoreTimeout)
	defer cancel()
	sub, err := r.read(timed, owner, id)
	if err != nil {
		return "", "", 0, storeError(err)
	}
	d, err := r.dialectOf(sub)
	if err != nil {
		return "", "", 0, err
	}
	opened, err := r.deps.Store.Open(sub)
	if err != nil {
		return "", "", 0, storeError(err)
	}
	var f rest.Faults
	overlap = readOverlap(req.Overlap, &f)
	secret, made = readSecret(d, req.Secret, algorithmOf(d, opened), &f)
	return secret, made, overlap, f.Err()
}

func readOverlap(text *string, f *rest.Faults) time.Duration {
	if text == nil {
		return defaultOverlap
	}
	d, err := time.ParseDuration(*text)
	if err != nil || d < 0 || d > maxOverlap {
		f.Add("overlap", "must be a duration from 0s to %s, such as 24h", shortDuration(maxOverlap))
	}
	return d
}

// overlapping are the secrets that sign until the given time beside a new one,
// or until they expire by themselves.
func overlapping(secrets []*posthastev1.Secret, now, until time.Time) []*posthastev1.Secret {
	var kept []*posthastev1.Secret
	for _, s := range secrets {
		if s.GetExpiresAt() == nil || s.GetExpiresAt().AsTime().After(until) {
			s.ExpiresAt = timestamppb.New(until)
		}
		if s.GetExpiresAt().AsTime().After(now) {
			kept = append(kept, s)
		}
	}
	return kept
}
