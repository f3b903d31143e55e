package subscription

import (
	"context"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
)

// maxPeriods bounds how many times of being disabled are remembered.
const maxPeriods = 20

// Disable marks the subscription disabled and says whether it was this call
// that did it.
func (s *Store) Disable(ctx context.Context, tenant, id, reason string, now time.Time) (sub *Subscription, did bool, err error) {
	sub, err = s.Update(ctx, tenant, id, now, func(pb *posthastev1.Subscription) (bool, error) {
		did = MarkDisabled(pb, reason, now)
		return did, nil
	})
	return sub, did && err == nil, err
}

// MarkDisabled changes pb and says whether it was active. Of one that is
// disabled the first reason and time stand.
func MarkDisabled(pb *posthastev1.Subscription, reason string, now time.Time) bool {
	if pb.GetStatus() == posthastev1.SubscriptionStatus_SUBSCRIPTION_STATUS_DISABLED {
		return false
	}
	at := timestamppb.New(now)
	pb.Status = posthastev1.SubscriptionStatus_SUBSCRIPTION_STATUS_DISABLED
	pb.DisabledReason, pb.DisabledAt = reason, at
	periods := append([]*posthastev1.DisabledPeriod{{From: at}}, pb.GetDisabledPeriods()...)
	pb.DisabledPeriods = periods[:min(len(periods), maxPeriods)]
	return true
}

// MarkActive changes pb and says whether it was disabled.
func MarkActive(pb *posthastev1.Subscription, now time.Time) bool {
	if pb.GetStatus() == posthastev1.SubscriptionStatus_SUBSCRIPTION_STATUS_ACTIVE {
		return false
	}
	pb.Status = posthastev1.SubscriptionStatus_SUBSCRIPTION_STATUS_ACTIVE
	pb.DisabledReason, pb.DisabledAt = "", nil
	if periods := pb.GetDisabledPeriods(); len(periods) > 0 && periods[0].GetUntil() == nil {
		periods[0].Until = timestamppb.New(now)
	}
	return true
}
