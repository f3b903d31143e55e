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
	left := l.patience()
	for _, j := range batch {
		t := l.plain(j, l.now())
		if t == nil {
			l.hand(ctx, j)
			continue
		}
		j.target = t
		left = l.await(ctx, j, left)
		switch a, at := l.enter(&j, l.now()); a {
		case gate.Go:
			l.hand(ctx, j)
		case gate.Wait: // the gate has it
		case gate.Away:
			away = append(away, putOff{j, at, ReasonBusy})
		}
	}
	l.putOffs.all(work, l.Service, away)
}

// await waits for room in the gate of a quick endpoint, while the batch has
// patience left: putting such a delivery off would cost more than its POST. It
// also lets the lane fill up, so that routers see a flood and send it in bulk. It
// returns what is left of the patience.
func (l *lane) await(ctx context.Context, j job, patience time.Duration) time.Duration {
	g, tries := j.target.gate, int(j.GetDeferrals())
	began := l.now()
	if patience <= 0 || !g.Await(began, tries) {
		return patience
	}
	ticker := time.NewTicker(awaitEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return 0
		case <-ticker.C:
			now := l.now()
			if left := patience - now.Sub(began); left <= 0 || !g.Await(now, tries) {
				return left
			}
		}
	}
}

const (
	awaitEvery = time.Millisecond
	// bulkPatience is how long a batch of the lane bulk waits for endpoints, and
	// patience one of another lane: there it is others who wait meanwhile.
	bulkPatience = 2 * time.Second
	patience     = 50 * time.Millisecond
)

// patience is how long the lane waits for the endpoints of one batch.
func (l *lane) patience() time.Duration {
	if l.name == bus.LaneBulk {
		return bulkPatience
	}
	return patience
}

// hand gives the job to a worker, waiting for one that is free.
func (l *lane) hand(ctx context.Context, j job) {
	if l.yield != nil {
		l.yield.await(ctx, l.now, l.quickUnderWay)
	}
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
	if j.again || j.elsewhere || j.GetNotBefore() != nil && j.GetNotBefore().AsTime().Sub(now) > tolerance {
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

// quickUnderWay is how many are under way that want the CPU and not time.
func (l *lane) quickUnderWay() int { return l.pool.Running() - int(l.doubtful.Load()) }

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
