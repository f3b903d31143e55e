package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/posthaste/posthaste/pkg/client"
)

// show prints one subscription, and its secret where the server has just made
// it.
func (v *subscriptionsVerb) show(s *client.EventSubscription) error {
	if v.shown.json {
		return v.shown.line(s)
	}
	return pairs(v.shown.out, []pair{
		{"id", s.ID},
		{"tenant", s.Tenant},
		{"endpoint", s.URL},
		{"status", strings.TrimSpace(s.Status + " " + s.DisabledReason)},
		{"types", strings.Join(s.EventTypes, ",")},
		{"tasks", strings.Join(s.Filters.TaskIDs, ",")},
		{"pattern", string(s.Filters.Pattern)},
		{"dialect", s.Dialect},
		{"description", s.Description},
		{"failed in a row", failCount(*s)},
		{"disabled after", strconv.Itoa(s.DisableAfter)},
		{"attempts", strconv.Itoa(s.RetryPolicy.MaxAttempts)},
		{"timeout", s.Timeout.String()},
		{"at most", deliveryRate(s.RateLimit)},
		{"traceparent", traceparent(s.SendTraceparent)},
		{"client certificate", clientCertificate(s.TLS)},
		{"public key", s.PublicKey},
		{"secret", s.Secret.Reveal()},
		{"secret begins with", s.SecretPrefix},
		{"created", moment(&s.CreatedAt)},
	})
}

// deliveryRate is how many deliveries it gets at most, "" for no limit.
func deliveryRate(r *client.DeliveryRate) string {
	if r == nil {
		return ""
	}
	return fmt.Sprintf("%d deliveries in %s", r.Deliveries, r.Per)
}

// traceparent says that its POSTs have none, "" where they have.
func traceparent(send *bool) string {
	if send == nil || *send {
		return ""
	}
	return "not sent"
}

// clientCertificate names the one that is shown to the endpoint.
func clientCertificate(info *client.TLSInfo) string {
	if info == nil || info.ClientCertificate == nil {
		return ""
	}
	return info.ClientCertificate.Subject + ", until " + moment(&info.ClientCertificate.ExpiresAt)
}

func (v *subscriptionsVerb) remove(ctx context.Context) error {
	if err := v.service.Delete(ctx, v.cfg.ID); err != nil {
		return err
	}
	return v.shown.value(map[string]any{"id": v.cfg.ID, "deleted": true}, v.cfg.ID+" is deleted")
}

// enable says what was missed, and how to have it delivered.
func (v *subscriptionsVerb) enable(ctx context.Context) error {
	enabled, err := v.service.Enable(ctx, v.cfg.ID)
	if err != nil {
		return err
	}
	if v.shown.json {
		return v.shown.line(enabled)
	}
	if err := v.show(&enabled.Subscription); err != nil {
		return err
	}
	if m := enabled.Missed; m != nil && m.Events > 0 {
		more := ""
		if !m.Complete {
			more = " or more"
		}
		fmt.Fprintf(v.t.Err, "events that came while it was disabled: %d%s. Deliver them with:\n  posthaste replay %s --only missed --since %s --until %s\n",
			m.Events, more, v.cfg.ID, m.Since.UTC().Format(time.RFC3339Nano), m.Until.UTC().Format(time.RFC3339Nano))
	}
	return nil
}

// errTestFailed makes the exit code 1; why is printed before.
var errTestFailed = errors.New("the test failed")

func (v *subscriptionsVerb) test(ctx context.Context) error {
	result, err := v.service.Test(ctx, v.cfg.ID)
	if err != nil {
		return err
	}
	if v.shown.json {
		err = v.shown.line(result)
	} else {
		err = pairs(v.shown.out, []pair{
			{"status", status(result.Status)},
			{"reason", result.Reason},
			{"error", result.Error},
			{"duration", millis(result.DurationMs)},
			{"delivery", result.DeliveryID},
			{"answer", result.Body},
		})
	}
	if err == nil && !result.Success {
		err = errTestFailed
	}
	return err
}
