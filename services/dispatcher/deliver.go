package dispatcher

import (
	"context"
	"errors"
	"time"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/dispatcher/internal/gate"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/delay"
	"github.com/posthaste/posthaste/services/internal/delivery"
	"github.com/posthaste/posthaste/services/internal/sealed"
	"github.com/posthaste/posthaste/services/internal/subscription"
	"github.com/posthaste/posthaste/services/internal/tracing"
)

// tolerance is how much before its time an attempt may be made.
const tolerance = 50 * time.Millisecond

// work is what a worker does with one delivery.
func (l *lane) work(ctx context.Context, j job) {
	if j.target == nil {
		l.deliver(ctx, j)
		return
	}
	if l.lateAgain(ctx, j, l.now()) { // it waited for a worker or in the gate
		j.again = true
		l.reconsider(ctx, j)
		return
	}
	l.attempt(ctx, j)
}

// reconsider gives the job's place back, for what held when it got that holds no
// more, and takes it as far as it goes now.
func (l *lane) reconsider(ctx context.Context, j job) {
	l.decline(j)
	j.target, j.doubtful = nil, false
	l.deliver(ctx, j)
}

// deliver takes one delivery as far as it goes now.
func (l *lane) deliver(ctx context.Context, j job) {
	s, now := l.Service, l.now()
	if j.again || s.lateAgain(ctx, j, now) {
		s.finish(ctx, j, s.note(j, now, ReasonAgain, posthastev1.Outcome_OUTCOME_DELIVERED))
		return
	}
	if j.elsewhere {
		// After the death of a leader the next one hands out again what it had just
		// handed out. In a moment the other's POST will have ended; its ack takes the
		// message away, and its dedup key stops it.
		s.putBackLater(j)
		return
	}
	if at := j.GetNotBefore().AsTime(); j.GetNotBefore() != nil && at.Sub(now) > tolerance {
		s.putOff(ctx, j, at, ReasonEarly)
		return
	}
	t, err := s.find(ctx, j.GetEvent().GetTenant(), j.GetSubscriptionId())
	switch {
	case s.maybeBehind(j, t, err, now):
		s.putOff(ctx, j, now.Add(lag/8), ReasonUnsure)
	case errors.Is(err, subscription.ErrNotFound):
		s.finish(ctx, j, s.note(j, now, ReasonRemoved, posthastev1.Outcome_OUTCOME_CANCELLED))
	case errors.Is(err, errUnusable):
		s.Log.ErrorContext(ctx, "delivery failed", "delivery", j.GetId(), "subscription", j.GetSubscriptionId(), "error", err)
		record := s.note(j, now, ReasonUnusableSubject, posthastev1.Outcome_OUTCOME_FAILED)
		record.Error = shown(err)
		s.finish(ctx, j, record)
	case errors.Is(err, sealed.ErrShut): // the key may come yet: it is rolled out, or was forgotten
		s.shut.Do(func() {
			s.Log.ErrorContext(ctx, "deliveries wait for an encryption key", "subscription", j.GetSubscriptionId(), "error", err)
		})
		s.putOff(ctx, j, now.Add(shutWait), ReasonSealed)
	case err != nil: // JetStream is away
		s.Log.WarnContext(ctx, "subscription not read; the delivery comes again", "delivery", j.GetId(), "error", err)
		s.putBackLater(j)
	case !t.sub.Active() && !j.GetTest():
		s.announceAgain(ctx, t.sub)
		s.finish(ctx, j, s.note(j, now, ReasonDisabled, posthastev1.Outcome_OUTCOME_CANCELLED))
	default:
		j.target = t
		l.try(ctx, j, now)
	}
}

// shutWait is until a delivery is looked at again whose subscription's secrets
// could not be opened.
const shutWait = 10 * time.Second

// lag is how long a copy of the bucket may be thought to lag behind.
const lag = 8 * time.Second

// maybeBehind says whether the delivery would be dropped on the word of a copy
// of the bucket that may not have heard yet: the router knew the subscription
// a moment ago. Where there is one copy its word holds.
func (s *Service) maybeBehind(j job, t *target, err error, now time.Time) bool {
	if !s.replicated || now.Sub(j.GetCreatedAt().AsTime()) > lag {
		return false
	}
	return errors.Is(err, subscription.ErrNotFound) || err == nil && !t.sub.Active() && !j.GetTest()
}

// try makes an attempt where the subscription's rate and the gate let it.
func (l *lane) try(ctx context.Context, j job, now time.Time) {
	if ok, at := l.mayNow(ctx, j, now); !ok {
		l.putOff(ctx, j, at, ReasonRateLimit)
		return
	}
	switch a, at := l.enter(&j, now); a {
	case gate.Go:
		l.attempt(ctx, j)
	case gate.Wait: // the gate has it
	case gate.Away:
		if j.target.limiter != nil && !j.GetTest() {
			j.target.limiter.Return()
		}
		l.putOff(ctx, j, at, ReasonBusy)
	}
}

// mayNow asks the subscription's rate, which tests are free of.
func (l *lane) mayNow(ctx context.Context, j job, now time.Time) (ok bool, comeBack time.Time) {
	limiter := j.target.limiter
	if limiter == nil || j.GetTest() {
		return true, time.Time{}
	}
	rate := limiter.Rate()
	return limiter.Take(ctx, now, int(j.GetDeferrals()), func(ctx context.Context, n int) (int, time.Duration, bool) {
		return l.Redis.TakeLeave(ctx, j.GetSubscriptionId(), rate.Every(), rate.Burst(), n)
	})
}

// attempt makes one for a job that has its place.
func (l *lane) attempt(ctx context.Context, j job) {
	s, g := l.Service, j.target.gate
	// It may have waited for its place, while the subscription was changed.
	t, err := s.find(ctx, j.GetEvent().GetTenant(), j.GetSubscriptionId())
	now := s.now()
	if err != nil || !t.sub.Active() && !j.GetTest() {
		l.reconsider(ctx, j)
		return
	}
	r := t.request(j, now)
	ctx, span := s.Tracer.Attempt(ctx, j.msg, j.Delivery)
	defer span.End()
	a, posted := s.send(ctx, j, t, r, now)
	v := judge(t.dialect, a.status, a.header, a.err, now)
	tracing.Posted(posted, a.status, v.Kind == Delivered, string(v.Reason))
	l.leaveDoubtful(&j)
	s.resume(g.Leave(now.Add(a.took), gate.Result{
		Took: a.took, Success: v.Kind == Delivered, Strain: v.Strain, Pause: min(v.After, s.Policies.MaxRetryAfter()),
	}))
	if a.err != nil && ctx.Err() != nil {
		// We hung up, so it is nobody's failure and no attempt.
		s.putBack(j)
		return
	}
	s.metrics.attempted(ctx, v.Reason, a.took, now.Sub(j.stored))
	s.settle(ctx, j, t, r, a, v)
}

// settle does what the verdict asks for.
func (s *Service) settle(ctx context.Context, j job, t *target, r request, a answer, v Verdict) {
	record := s.record(j, t, r, a, v)
	wait, more := t.policy.Schedule.After(j.GetAttempt())
	switch {
	case v.Kind == Delivered:
		if !j.GetTest() {
			// Also where the grace is over: else it is delivered a second time.
			s.Redis.Succeeded(context.WithoutCancel(ctx), delivery.DedupKey(j.Delivery), j.GetSubscriptionId())
			s.metrics.arrived(ctx, j.Delivery, s.now())
		}
		record.Outcome = posthastev1.Outcome_OUTCOME_DELIVERED
		s.finish(ctx, j, record)
	case v.Kind == Retry && more && !j.GetTest():
		wait = max(wait, min(v.After, s.Policies.MaxRetryAfter()))
		s.carry(j, t, r.body)
		s.retry(ctx, j, record, wait, v.Reason)
	default:
		record.Outcome = posthastev1.Outcome_OUTCOME_FAILED
		if !j.GetTest() {
			s.fail(ctx, j, t, v)
		}
		s.finish(ctx, j, record)
	}
}

// finish publishes the record of how the delivery ended, then acks it.
func (s *Service) finish(ctx context.Context, j job, record *posthastev1.Attempt) {
	s.metrics.finished(ctx, record)
	s.ended(ctx, record)
	msg, err := recordMsg(record)
	if err != nil {
		s.Log.ErrorContext(ctx, "encode attempt", "delivery", j.GetId(), "error", err)
		s.putBack(j)
		return
	}
	s.publishAndAck(ctx, j, record.GetOutcome(), msg)
}

// retry publishes the record of the attempt and puts the delivery off until
// the next.
func (s *Service) retry(ctx context.Context, j job, record *posthastev1.Attempt, wait time.Duration, why Reason) {
	if earlyRetry {
		wait = 0
	}
	now := s.now()
	at := now.Add(wait)
	setNext(record, at)
	s.ended(ctx, record)
	j.Attempt++
	j.Deferrals = 0
	done, err := recordMsg(record)
	if err != nil {
		s.Log.ErrorContext(ctx, "encode attempt", "delivery", j.GetId(), "error", err)
		s.putBack(j)
		return
	}
	later, err := delay.Later(j.Delivery, at, string(why), now)
	if err != nil {
		s.Log.ErrorContext(ctx, "put delivery off", "delivery", j.GetId(), "error", err)
		s.putBack(j)
		return
	}
	later.Header = s.Tracer.Again(ctx, bus.TraceContext(j.msg.Headers()))
	s.publishAndAck(ctx, j, record.GetOutcome(), done, later)
}

// publishAndAck acks the delivery when JetStream has what follows from it: the
// record of the outcome first.
func (s *Service) publishAndAck(ctx context.Context, j job, outcome posthastev1.Outcome, msgs ...bus.Msg) {
	acks := make([]bus.Ack, len(msgs))
	if err := s.publisher.PublishAcked(ctx, msgs, acks); err != nil {
		if ctx.Err() == nil {
			s.Log.ErrorContext(ctx, "delivery not settled; it comes again", "delivery", j.GetId(), "error", err)
			s.putBackLater(j)
			return
		}
		s.putBack(j)
		return
	}
	s.Books.Recorded(outcome, acks[0])
	s.done(j)
}
