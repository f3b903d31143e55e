package dispatcher

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
)

type metrics struct {
	attempts   metric.Int64Counter
	deliveries metric.Int64Counter
	deferrals  metric.Int64Counter
	disables   metric.Int64Counter
	postTime   metric.Float64Histogram
	endToEnd   metric.Float64Histogram
	sinceEvent metric.Float64Histogram
	queued     metric.Float64Histogram

	// Attribute sets are made once: making them was 8 % of a delivery's CPU.
	byReason  attributeSets[string]
	byOutcome attributeSets[ending]
}

// ending is how a delivery ended and why.
type ending struct {
	outcome posthastev1.Outcome
	reason  string
}

// seconds are the bounds of all histograms.
var seconds = metric.WithExplicitBucketBoundaries(.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600)

func newMetrics(meter metric.Meter) (*metrics, error) {
	var m metrics
	var errs [8]error
	m.attempts, errs[0] = meter.Int64Counter("posthaste.dispatcher.attempts", metric.WithDescription("POSTs, by what they came to."))
	m.deliveries, errs[1] = meter.Int64Counter("posthaste.dispatcher.deliveries", metric.WithDescription("Deliveries that have ended, by outcome and reason."))
	m.deferrals, errs[2] = meter.Int64Counter("posthaste.dispatcher.deferrals", metric.WithDescription("Deliveries put off without a POST, by reason."))
	m.disables, errs[3] = meter.Int64Counter("posthaste.dispatcher.subscriptions.disabled", metric.WithDescription("Subscriptions disabled for failing, by reason."))
	m.postTime, errs[4] = meter.Float64Histogram("posthaste.dispatcher.post.duration", metric.WithUnit("s"), seconds, metric.WithDescription("From the start of a POST to the end of its answer."))
	m.endToEnd, errs[5] = meter.Float64Histogram("posthaste.dispatcher.delivery.duration", metric.WithUnit("s"), seconds, metric.WithDescription("From making a delivery to its 2xx."))
	m.sinceEvent, errs[6] = meter.Float64Histogram("posthaste.dispatcher.event.duration", metric.WithUnit("s"), seconds, metric.WithDescription("From storing an event to the 2xx of its delivery."))
	m.queued, errs[7] = meter.Float64Histogram("posthaste.dispatcher.queue.duration", metric.WithUnit("s"), seconds, metric.WithDescription("From putting a delivery into its lane to the start of its POST."))
	return &m, errors.Join(errs[:]...)
}

func (m *metrics) attempted(ctx context.Context, why Reason, took, queued time.Duration) {
	m.attempts.Add(ctx, 1, m.reason(string(why))...)
	m.postTime.Record(ctx, took.Seconds())
	m.queued.Record(ctx, max(0, queued.Seconds())) // clocks of two machines differ
}

func (m *metrics) arrived(ctx context.Context, d *posthastev1.Delivery, now time.Time) {
	m.endToEnd.Record(ctx, now.Sub(d.GetCreatedAt().AsTime()).Seconds())
	if at := d.GetPublishedAt(); at != nil {
		m.sinceEvent.Record(ctx, max(0, now.Sub(at.AsTime()).Seconds()))
	}
}

func (m *metrics) finished(ctx context.Context, r *posthastev1.Attempt) {
	end := ending{r.GetOutcome(), r.GetReason()}
	m.deliveries.Add(ctx, 1, m.byOutcome.get(end, func() []attribute.KeyValue {
		return []attribute.KeyValue{attribute.String("outcome", outcomeName(end.outcome)), attribute.String("reason", end.reason)}
	})...)
}

func (m *metrics) deferred(ctx context.Context, why Reason) {
	m.deferrals.Add(ctx, 1, m.reason(string(why))...)
}

func (m *metrics) disabled(ctx context.Context, why string) {
	m.disables.Add(ctx, 1, m.reason(why)...)
}

func (m *metrics) reason(why string) []metric.AddOption {
	return m.byReason.get(why, func() []attribute.KeyValue {
		return []attribute.KeyValue{attribute.String("reason", why)}
	})
}

// attributeSets keeps the option of each key; keys come from small closed sets.
type attributeSets[K comparable] struct{ byKey sync.Map }

func (a *attributeSets[K]) get(key K, attributes func() []attribute.KeyValue) []metric.AddOption {
	if found, ok := a.byKey.Load(key); ok {
		return found.([]metric.AddOption)
	}
	made := []metric.AddOption{metric.WithAttributeSet(attribute.NewSet(attributes()...))}
	a.byKey.Store(key, made)
	return made
}

func outcomeName(o posthastev1.Outcome) string {
	switch o {
	case posthastev1.Outcome_OUTCOME_DELIVERED:
		return "delivered"
	case posthastev1.Outcome_OUTCOME_FAILED:
		return "failed"
	case posthastev1.Outcome_OUTCOME_CANCELLED:
		return "cancelled"
	default:
		return "retry"
	}
}
