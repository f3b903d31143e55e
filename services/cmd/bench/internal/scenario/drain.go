package scenario

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/posthaste/posthaste/services/cmd/bench/internal/receiver"
	"github.com/posthaste/posthaste/services/cmd/bench/internal/report"
)

// recover lets the endpoint answer again, as fast as its capacity allows, and
// measures how the backlog drains and how the others fare.
func (d *dead) recover(ctx context.Context) error {
	failed := d.endpoint.Posts()
	d.endpoint.Reset(d.w.Backlog)
	d.endpoint.Behave(receiver.Behaviour{
		Status: http.StatusNoContent, Places: places, After: places * time.Second / time.Duration(d.w.Capacity),
	})
	if d.w.Dead == DeadRefuse {
		if err := d.endpoint.Listen(ctx); err != nil {
			return err
		}
	}
	drained := make(chan struct{})
	var missing error
	go func() {
		defer close(drained)
		bounded, cancel := context.WithTimeoutCause(ctx, d.wait+d.w.Drain, errors.New("the time to drain is over"))
		defer cancel()
		missing = receiver.Await(bounded, d.w.Backlog, d.wait+patience, d.endpoint.Good)
	}()
	if err := d.beside(ctx, "drains", drained); err != nil {
		return err
	}
	<-drained
	if missing != nil && (!errors.Is(missing, receiver.ErrMissing) || ctx.Err() != nil) {
		return missing
	}
	d.tell(failed)
	return nil
}

// tell describes how the backlog drained.
func (d *dead) tell(failed int) {
	all := d.endpoint.Arrivals()
	first := all.First()
	left := report.Num(d.w.Backlog - len(first))
	table := d.w.sheet.Table("draining", "backlog", "arrived", "twice", "not yet", "took", "rate", "busiest 100 ms", "capacity", "at once, at most", "POSTs while dead")
	took := time.Duration(0)
	if len(first) > 0 {
		took = first.Last().Sub(first[0].At)
	}
	busiest := first.Busiest(100 * time.Millisecond)
	table.Row(report.Num(d.w.Backlog).String(), report.Num(len(first)), report.Num(len(all)-len(first)), left, report.Took(took), report.Per(len(first), took),
		busiest, report.Figure{Value: float64(d.w.Capacity), Unit: report.Rate}, report.Num(d.endpoint.Highest()), report.Num(failed))
	d.w.overTime("backlog", first)
	d.w.sheet.Goal(report.Most("POSTs at once to the recovered endpoint", report.Num(d.endpoint.Highest()), endpointMost))
	d.w.sheet.Goal(report.Most(fmt.Sprintf("backlog that has not arrived within %s of the recovery", d.wait+d.w.Drain), left, 0))
}

// overTime is a table of ten slices of the time in which the deliveries came.
func (w *world) overTime(name string, all receiver.Arrivals) {
	if len(all) < 2 {
		return
	}
	const slices = 10
	begin := all[0].At
	took := all.Last().Sub(begin) + 1
	counts := make([]int, slices)
	for _, one := range all {
		counts[min(slices-1, int(one.At.Sub(begin)*slices/took))]++
	}
	table := w.sheet.Table("", name+" over time, from", "rate")
	for i, n := range counts {
		table.Row(report.Took(took*time.Duration(i)/slices).String(), report.Per(n, took/slices))
	}
}
