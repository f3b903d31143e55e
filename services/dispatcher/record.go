package dispatcher

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/bus"
)

// record says what came of an attempt.
func (s *Service) record(j job, t *target, sent request, a answer, v Verdict) *posthastev1.Attempt {
	r := s.note(j, a.started, v.Reason, posthastev1.Outcome_OUTCOME_UNSPECIFIED)
	r.Url = t.sub.GetUrl()
	r.RequestHeader = t.recorded(sent.header)
	r.Latency = durationpb.New(a.took)
	r.Status = int32(a.status)
	r.Answer = a.body
	if a.err != nil {
		r.Error = shown(a.err)
	}
	return r
}

// maxError bounds the error in a record, in bytes.
const maxError = 512

// shown is the error as records have it: cut, for it may quote what the
// endpoint sent.
func shown(err error) string {
	text := err.Error()
	return strings.ToValidUTF8(text[:min(len(text), maxError)], "�")
}

// note says how a delivery ended without an attempt.
func (s *Service) note(j job, at time.Time, why Reason, outcome posthastev1.Outcome) *posthastev1.Attempt {
	return &posthastev1.Attempt{
		DeliveryId:     j.GetId(),
		SubscriptionId: j.GetSubscriptionId(),
		Tenant:         j.GetEvent().GetTenant(),
		EventId:        j.GetEvent().GetId(),
		EventType:      j.GetEvent().GetType(),
		Number:         j.GetAttempt(),
		StartedAt:      timestamppb.New(at),
		Reason:         string(why),
		Outcome:        outcome,
		Round:          j.GetRound(),
		Test:           j.GetTest(),
		CreatedAt:      j.GetCreatedAt(),
		Sequence:       j.GetSequence(),
	}
}

func setNext(r *posthastev1.Attempt, at time.Time) { r.NextAt = timestamppb.New(at) }

// recordMsg is the message in ATTEMPTS. Its id makes an attempt that is told
// twice stand there once.
func recordMsg(r *posthastev1.Attempt) (bus.Msg, error) {
	data, err := proto.Marshal(r)
	if err != nil {
		return bus.Msg{}, fmt.Errorf("encode attempt: %w", err)
	}
	return bus.Msg{
		Subject: bus.AttemptSubject(r.GetTenant(), r.GetSubscriptionId()),
		ID:      r.GetDeliveryId() + ":" + r.GetRound() + ":" + strconv.FormatUint(uint64(r.GetNumber()), 10),
		Data:    data,
	}, nil
}
