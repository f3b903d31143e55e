package cli

import (
	"context"
	"fmt"
	"strconv"

	"github.com/posthaste/posthaste/pkg/client"
	"github.com/posthaste/posthaste/services/internal/settings"
)

type deliveriesConfig struct {
	Server       serverConfig `embed:""`
	Action       string       `arg:"" optional:"" default:"list" enum:"list,get,redeliver" help:"What to do."`
	ID           string       `arg:"" optional:"" help:"Delivery; get and redeliver need it."`
	Status       string       `name:"status" group:"Deliveries" help:"Only waiting, delivered, failed or cancelled ones. Empty: all."`
	Subscription string       `name:"subscription" group:"Deliveries" help:"Only those of this subscription."`
	Type         string       `name:"type" group:"Event" help:"Only those of events of this type."`
	Event        string       `name:"event" group:"Deliveries" help:"Only those of the event with this id."`
	Span         spanConfig   `embed:""`
	Tests        bool         `name:"tests" group:"Deliveries" help:"Those of test events too."`
	Limit        int          `name:"limit" group:"Output" help:"Most that are listed." default:"50"`
}

// Validate holds what a tag cannot.
func (c *deliveriesConfig) Validate() error {
	switch c.Status {
	case "", client.DeliveryWaiting, client.DeliveryDelivered, client.DeliveryFailed, client.DeliveryCancelled:
	default:
		return settings.Wrong("status", "waiting, delivered, failed or cancelled")
	}
	if c.Action != "list" {
		return needID(c.Action, c.ID)
	}
	if c.Limit < 1 {
		return settings.Wrong("limit", "1 or more")
	}
	return noID(c.Action, c.ID)
}

func (t *Terminal) deliveries(ctx context.Context, cfg deliveriesConfig) error {
	c, err := t.dial(cfg.Server)
	if err != nil {
		return err
	}
	p := t.printer(cfg.Server)
	switch cfg.Action {
	case "list":
		all, err := t.listDeliveries(ctx, c, cfg)
		if err != nil {
			return err
		}
		return deliveryRows(p, all)
	case "redeliver":
		again, err := c.Deliveries.Redeliver(ctx, cfg.ID)
		if err != nil {
			return err
		}
		return p.value(again, fmt.Sprintf("%s is delivered again, round %s", again.DeliveryID, again.Round))
	}
	d, err := c.Deliveries.Get(ctx, cfg.ID)
	if err != nil {
		return err
	}
	return showDelivery(p, d)
}

// maxPage is the most that is asked for at once.
const maxPage = 100

func (t *Terminal) listDeliveries(ctx context.Context, c *client.Client, cfg deliveriesConfig) ([]client.Delivery, error) {
	since, until := cfg.Span.read(t.Now())
	all := make([]client.Delivery, 0, min(cfg.Limit, maxPage))
	for d, err := range c.Deliveries.All(ctx, client.ListDeliveries{
		Status: cfg.Status, Subscription: cfg.Subscription, EventType: cfg.Type, EventID: cfg.Event,
		Since: since, Until: until, Tests: cfg.Tests, PageSize: min(cfg.Limit, maxPage),
	}) {
		if err != nil {
			return nil, err
		}
		if all = append(all, d); len(all) == cfg.Limit {
			break
		}
	}
	return all, nil
}

func deliveryRows(p printer, all []client.Delivery) error {
	type delivery = client.Delivery
	return rows(p, all,
		column[delivery]{"ID", func(d delivery) string { return d.ID }},
		column[delivery]{"STATUS", func(d delivery) string { return d.Status }},
		column[delivery]{"TYPE", func(d delivery) string { return d.EventType }},
		column[delivery]{"SUBSCRIPTION", func(d delivery) string { return d.SubscriptionID }},
		column[delivery]{"ATTEMPTS", func(d delivery) string { return strconv.Itoa(d.Attempts) }},
		column[delivery]{"ANSWER", func(d delivery) string { return status(d.ResponseStatus) }},
		column[delivery]{"REASON", func(d delivery) string { return d.Reason }},
		column[delivery]{"LAST ATTEMPT", func(d delivery) string { return moment(d.LastAttemptAt) }},
	)
}

func showDelivery(p printer, d *client.Delivery) error {
	if p.json {
		return p.line(d)
	}
	if err := pairs(p.out, []pair{
		{"id", d.ID},
		{"status", d.Status},
		{"event", d.EventID + " " + d.EventType},
		{"subscription", d.SubscriptionID},
		{"endpoint", d.URL},
		{"reason", d.Reason},
		{"error", d.Error},
		{"created", moment(&d.CreatedAt)},
		{"next attempt", moment(d.NextAttemptAt)},
		{"finished", moment(d.FinishedAt)},
	}); err != nil || len(d.AttemptLog) == 0 {
		return err
	}
	fmt.Fprintln(p.out)
	type attempt = client.Attempt
	return rows(p, d.AttemptLog,
		column[attempt]{"ATTEMPT", attemptNumber},
		column[attempt]{"ROUND", func(a attempt) string { return a.Round }},
		column[attempt]{"AT", func(a attempt) string { return moment(&a.StartedAt) }},
		column[attempt]{"TOOK", func(a attempt) string { return millis(a.DurationMs) }},
		column[attempt]{"ANSWER", func(a attempt) string { return status(a.ResponseStatus) }},
		column[attempt]{"REASON", func(a attempt) string { return a.Reason }},
		column[attempt]{"ERROR", func(a attempt) string { return a.Error }},
	)
}

// attemptNumber has a dash for a record of the end alone.
func attemptNumber(a client.Attempt) string {
	if !a.Posted {
		return "-"
	}
	return strconv.Itoa(a.Number)
}
