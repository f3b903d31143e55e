package cli

import (
	"context"
	"strconv"

	"github.com/posthaste/posthaste/pkg/client"
	"github.com/posthaste/posthaste/services/internal/settings"
)

type endpointsConfig struct {
	Server serverConfig `embed:""`
	Status string       `arg:"" optional:"" default:"failed" enum:"failed,waiting,delivered,cancelled" help:"Which deliveries count."`
	Limit  int          `name:"limit" group:"Output" help:"Most that are listed." default:"50"`
}

// mostEndpoints is what the API gives at the most.
const mostEndpoints = 100

// Validate holds what a tag cannot.
func (c *endpointsConfig) Validate() error {
	if c.Limit < 1 || c.Limit > mostEndpoints {
		return settings.Wrong("limit", "1 to "+strconv.Itoa(mostEndpoints))
	}
	return nil
}

func (t *Terminal) endpoints(ctx context.Context, cfg endpointsConfig) error {
	c, err := t.dial(cfg.Server)
	if err != nil {
		return err
	}
	all, err := c.Endpoints.Top(ctx, client.TopEndpoints{Sort: cfg.Status, Limit: cfg.Limit})
	if err != nil {
		return err
	}
	type endpoint = client.Endpoint
	n := func(v int64) string { return strconv.FormatInt(v, 10) }
	return rows(t.printer(cfg.Server), all,
		column[endpoint]{"SUBSCRIPTION", func(e endpoint) string { return e.SubscriptionID }},
		column[endpoint]{"TENANT", func(e endpoint) string { return e.Tenant }},
		column[endpoint]{"STATUS", func(e endpoint) string { return e.Status }},
		column[endpoint]{"FAILED", func(e endpoint) string { return n(e.Counts.Failed) }},
		column[endpoint]{"WAITING", func(e endpoint) string { return n(e.Counts.Waiting) }},
		column[endpoint]{"DELIVERED", func(e endpoint) string { return n(e.Counts.Delivered) }},
		column[endpoint]{"CANCELLED", func(e endpoint) string { return n(e.Counts.Cancelled) }},
		column[endpoint]{"FAILURES", func(e endpoint) string { return strconv.FormatFloat(100*e.FailureRate, 'f', 1, 64) + "%" }},
		column[endpoint]{"ENDPOINT", func(e endpoint) string { return e.URL }},
	)
}
