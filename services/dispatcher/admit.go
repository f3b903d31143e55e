package dispatcher

import (
	"context"
	"time"

	"github.com/posthaste/posthaste/services/dispatcher/internal/gate"
	"github.com/posthaste/posthaste/services/internal/bus"
)

// admitAll asks the gates of a batch. It does no I/O of its own but for putting
// off, many at once, and so is held up by no endpoint. What needs a closer look
// gets it in a worker.
func (l *lane) admitAll(ctx, work context.Context, batch []job) {
	var away []putOff
	for _, j := range batch {
		now := l.now()
		t := l.plain(j, now)
		if t == nil {
			l.hand(ctx, j)
			continue
		}
		j.target = t
		l.await(ctx, j)
		switch a, at := l.enter(&j, now); a {
		case gate.Go:
			l.hand(ctx, j)
		case gate.Wait: // the gate has it
		case gate.Away:
			away = append(away, putOff{j, at, ReasonBusy})
		}
	}
	l.putOffs.all(work, l.Service, away)
}

// await waits a moment for room in the gate of a quick endpoint, in the lane bulk
// alone: what is there comes in masses, and is in no hurry. Putting it off would
// cost more than its POST.
func (l *lane) await(ctx context.Context, j job) {
	if l.name != bus.LaneBulk || !j.target.gate.Await(l.now(), int(j.GetDeferrals())) {
		return
	}
	ticker := time.NewTicker(awaitEvery)
	defer ticker.Stop()
	for range awaitTimes {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if !j.target.gate.Await(l.now(), int(j.GetDeferrals())) {
				return
			}
		}
	}
}

// The lane bulk waits for an endpoint for 100 ms at the most.
const (
	awaitEvery = 2 * time.Millisecond
	awaitTimes = 50
)

// hand gives the job to a worker, waiting for one that is free.
func (l *lane) hand(ctx context.Context, j job) {
	if ctx.Err() != nil || !l.pool.Hand(ctx, j) {
		if j.target != nil {
			l.decline(j)
		}
		l.putBack(j)
	}
}

// plain is the target of a delivery that nothing but its gate can hold up; nil
// where there is something to find out.
func (l *lane) plain(j job, now time.Time) *target {
	if j.again || j.GetNotBefore() != nil && j.GetNotBefore().AsTime().Sub(now) > tolerance {
		return nil
	}
	sub, ok := l.Index.Get(j.GetSubscriptionId())
	if !ok || !sub.Active() {
		return nil
	}
	t := l.targets.current(sub, now)
	if t == nil || t.limiter != nil && !j.GetTest() {
		return nil // a worker makes it, or asks for leave
	}
	return t
}

// enter asks the gate of the job's target.
func (l *lane) enter(j *job, now time.Time) (gate.Admission, time.Time) {
	g, tries := j.target.gate, int(j.GetDeferrals())
	if standing := g.Standing(now); standing != gate.Proven {
		if int(l.doubtful.Add(1)) > l.share(standing) {
			l.doubtful.Add(-1)
			return gate.Away, g.Later(now, tries)
		}
		j.doubtful = true
	}
	a, at := g.Enter(now, *j, tries)
	if a == gate.Wait {
		l.parked.add(g)
	}
	if a != gate.Go {
		l.leaveDoubtful(j)
	}
	return a, at
}

// share is how many places endpoints may hold together that are no better than
// this: half for the slow, three quarters with those that are unknown or fail.
// So slow ones never keep the unknown out, nor both of them the others.
func (l *lane) share(s gate.Standing) int {
	slow := max(1, l.places/2)
	if s == gate.Slow {
		return slow
	}
	return max(slow+1, l.places*3/4)
}

func (l *lane) leaveDoubtful(j *job) {
	if j.doubtful {
		l.doubtful.Add(-1)
		j.doubtful = false
	}
}

// decline gives a place back that was not used.
func (l *lane) decline(j job) {
	l.resume(j.target.gate.Decline(l.now()))
	l.leaveDoubtful(&j)
}

// resume gives those to workers who waited for their place and have it.
func (s *Service) resume(next []job) {
	for _, j := range next {
		j.doubtful = false          // who waited holds none
		if !j.lane.pool.Resume(j) { // it stops
			j.lane.decline(j)
			s.putBack(j)
		}
	}
}
