package dispatcher

import (
	"context"
	"errors"
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
}

// seconds are the bounds of both histograms.
var seconds = metric.WithExplicitBucketBoundaries(.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600)

func newMetrics(meter metric.Meter) (*metrics, error) {
	var m metrics
	var errs [6]error
	m.attempts, errs[0] = meter.Int64Counter("posthaste.dispatcher.attempts", metric.WithDescription("POSTs, by what they came to."))
	m.deliveries, errs[1] = meter.Int64Counter("posthaste.dispatcher.deliveries", metric.WithDescription("Deliveries that have ended, by outcome and reason."))
	m.deferrals, errs[2] = meter.Int64Counter("posthaste.dispatcher.deferrals", metric.WithDescription("Deliveries put off without a POST, by reason."))
	m.disables, errs[3] = meter.Int64Counter("posthaste.dispatcher.subscriptions.disabled", metric.WithDescription("Subscriptions disabled for failing, by reason."))
	m.postTime, errs[4] = meter.Float64Histogram("posthaste.dispatcher.post.duration", metric.WithUnit("s"), seconds, metric.WithDescription("From the start of a POST to the end of its answer."))
	m.endToEnd, errs[5] = meter.Float64Histogram("posthaste.dispatcher.delivery.duration", metric.WithUnit("s"), seconds, metric.WithDescription("From making a delivery to its 2xx."))
	return &m, errors.Join(errs[:]...)
}

func (m *metrics) attempted(ctx context.Context, why Reason, took time.Duration) {
	m.attempts.Add(ctx, 1, metric.WithAttributes(attribute.String("reason", string(why))))
	m.postTime.Record(ctx, took.Seconds())
}

func (m *metrics) arrived(ctx context.Context, d *posthastev1.Delivery, now time.Time) {
	m.endToEnd.Record(ctx, now.Sub(d.GetCreatedAt().AsTime()).Seconds())
}

func (m *metrics) finished(ctx context.Context, r *posthastev1.Attempt) {
	m.deliveries.Add(ctx, 1, metric.WithAttributes(attribute.String("outcome", outcomeName(r.GetOutcome())), attribute.String("reason", r.GetReason())))
}

func (m *metrics) deferred(ctx context.Context, why Reason) {
	m.deferrals.Add(ctx, 1, metric.WithAttributes(attribute.String("reason", string(why))))
}

func (m *metrics) disabled(ctx context.Context, why string) {
	m.disables.Add(ctx, 1, metric.WithAttributes(attribute.String("reason", why)))
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
