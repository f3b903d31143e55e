package scenario

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/posthaste/posthaste/services/cmd/bench/internal/bare"
	"github.com/posthaste/posthaste/services/cmd/bench/internal/load"
	"github.com/posthaste/posthaste/services/cmd/bench/internal/receiver"
	"github.com/posthaste/posthaste/services/cmd/bench/internal/report"
)

// beside measures the fresh ones until the time is over.
func (s *sleepers) beside(ctx context.Context, what string, until <-chan struct{}) error {
	s.w.say("%s: fresh beside %s", s.name, what)
	s.endpoints[1].Reset(0)
	made := s.fresh.Made()
	cores := s.cores()
	if err := s.producer.Pace(ctx, until, 0, waitingRate, s.fresh); err != nil {
		return err
	}
	busy := cores()
	found, err := farings(ctx, s.endpoints[1:], []*load.Source{s.fresh}, made)
	if err != nil {
		return err
	}
	s.table.Row(s.name+", "+what, found.p50(), found.p99(), found.max(), found.lost, busy)
	if what != "nothing" {
		s.w.sheet.Goal(report.Most(s.name+", fresh beside "+what+", p99", found.p99(), besideMost))
	}
	s.w.sheet.Goal(report.Most(s.name+", fresh beside "+what+", lost", found.lost, 0))
	return nil
}

// drain sends fresh ones while what waited arrives.
func (s *sleepers) drain(ctx context.Context) error {
	var group errgroup.Group
	drained := make(chan struct{})
	group.Go(func() error {
		defer close(drained)
		bounded, cancel := context.WithTimeoutCause(ctx, time.Until(s.due)+s.w.Drain, errors.New("the time to drain is over"))
		defer cancel()
		err := receiver.Await(bounded, s.w.Waiting, s.wait+patience, s.endpoints[0].Good)
		if errors.Is(err, receiver.ErrMissing) && ctx.Err() == nil {
			return nil // told as not yet arrived
		}
		return err
	})
	return errors.Join(s.beside(ctx, "what drains", drained), group.Wait())
}

// tell describes how what waited came.
func (s *sleepers) tell(table *report.Table, written time.Duration, back report.Figure, loop bare.Result) {
	all := s.endpoints[0].Arrivals()
	first := all.First()
	late := first.Ages()
	early := 0
	for early < len(late) && late[early] < -earlyMost {
		early++
	}
	rate := report.Per(len(first), first.Last().Sub(s.due))
	left := report.Num(s.w.Waiting - len(first))
	lane, laneRate := s.lane.result(s.due)
	usage := s.Usage()
	table.Row(s.name, report.Per(s.w.Waiting, written), report.Took(s.wait), late.Quantile(0.5), late.Quantile(0.99), lane.Quantile(0.5), lane.Quantile(0.99),
		laneRate, report.Num(early), report.Num(len(all)-len(first)), left, rate, rate.In(loop.Rate(), report.Percent), back,
		report.Size(usage[0].Peak), report.Size(usage[len(usage)-1].Peak))
	s.w.sheet.Goal(report.Most(s.name+", early by more than "+earlyMost.String(), report.Num(early), 0))
	s.w.sheet.Goal(report.Most(fmt.Sprintf("%s, not arrived within %s of being due", s.name, s.w.Drain), left, 0))
}
