package scenario

import (
	"context"
	"errors"
	"fmt"

	"github.com/posthaste/posthaste/services/cmd/bench/internal/bare"
	"github.com/posthaste/posthaste/services/cmd/bench/internal/load"
	"github.com/posthaste/posthaste/services/cmd/bench/internal/receiver"
	"github.com/posthaste/posthaste/services/cmd/bench/internal/report"
)

// crowd is subscriptions that all want the same event.
type crowd struct {
	name          string
	subscriptions int
	payload       int // bytes of the event's data
}

// largest leaves room for the event around the data: 256 KiB is what Posthaste
// takes of one event as sent.
const largest = 256<<10 - 256

// fanout sends one event to many.
func fanout(ctx context.Context, w *world) error {
	loop, err := bare.Measure(ctx, 2, w.Payload)
	if err != nil {
		return err
	}
	table := w.sheet.Table("one event to many subscriptions", "event", "subscriptions", "first after", "half after", "last after", "rate", "of bare", "lost",
		"peak of Posthaste", "peak of all")
	for _, c := range []crowd{
		{fmt.Sprintf("of %d bytes", w.Payload), 10_000, w.Payload},
		{"of 256 KiB", 1000, largest},
	} {
		if err := w.crowd(ctx, c, table, loop); err != nil {
			return fmt.Errorf("an event %s: %w", c.name, err)
		}
	}
	return nil
}

// crowd sends one event, and a second one when the endpoint's connections are
// there.
func (w *world) crowd(ctx context.Context, c crowd, table *report.Table, loop bare.Result) error {
	w.say("%d subscriptions, an event %s", c.subscriptions, c.name)
	s, err := w.start(ctx, c.name, 1)
	if err != nil {
		return err
	}
	defer s.close()
	source := load.NewSource("default", "bench.event", c.payload)
	if _, err := s.subscribe(ctx, c.subscriptions, func(i int) load.Subscription {
		return load.Subscription{Tenant: source.Tenant, URL: s.endpoints[0].URL(i), Type: source.Type}
	}); err != nil {
		return err
	}
	for _, which := range []string{"first", "second"} {
		if err := pause(ctx, settle); err != nil {
			return err
		}
		s.endpoints[0].Reset(c.subscriptions)
		if err := s.producer.Publish(ctx, source, 1); err != nil {
			return err
		}
		err := receiver.Await(ctx, c.subscriptions, patience, s.endpoints[0].Good)
		if err != nil && (!errors.Is(err, receiver.ErrMissing) || ctx.Err() != nil) {
			return err
		}
		s.tellCrowd(table, which+" "+c.name, c.subscriptions, loop)
	}
	return nil
}

func (s *site) tellCrowd(table *report.Table, name string, subscriptions int, loop bare.Result) {
	ages := s.endpoints[0].Arrivals().Ages()
	last := ages.Max()
	rate := report.Figure{Value: float64(len(ages)) / last.Value, Unit: report.Rate}
	lost := report.Num(subscriptions - len(ages))
	usage := s.Usage()
	table.Row(name, report.Num(subscriptions), ages.Quantile(0), ages.Quantile(0.5), last, rate, rate.In(loop.Rate(), report.Percent), lost,
		report.Size(usage[len(usage)-1].Peak), report.Size(usage.Peak()))
	s.w.sheet.Goal(report.Most("event "+name+", lost", lost, 0))
}
