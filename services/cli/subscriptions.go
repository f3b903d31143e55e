package cli

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/posthaste/posthaste/pkg/client"
	"github.com/posthaste/posthaste/services/internal/settings"
)

type subscriptionsConfig struct {
	Server      serverConfig    `embed:""`
	Action      string          `arg:"" optional:"" default:"list" enum:"list,get,create,enable,disable,delete,rotate,test" help:"What to do."`
	ID          string          `arg:"" optional:"" help:"Subscription, evsub_…; all but list and create need it."`
	Endpoint    string          `name:"endpoint" group:"Subscription" unit:"URL" help:"Where deliveries are POSTed; for create."`
	Types       []string        `name:"types" group:"Events" help:"Types of events: exact, prefixes (task.*) or * for all. Empty: all."`
	Dialect     string          `name:"dialect" group:"Subscription" help:"How deliveries look and fail; for create. Empty: the tenant's."`
	Description string          `name:"description" group:"Subscription" help:"For people; for create."`
	Secret      settings.Secret `name:"secret" group:"Subscription" secret:"" help:"Signs the deliveries; for create and rotate. Empty: the server makes one, where the dialect allows that."`
}

// Validate holds what a tag cannot.
func (c *subscriptionsConfig) Validate() error {
	switch c.Action {
	case "list":
		return noID(c.Action, c.ID)
	case "create":
		if c.Endpoint == "" {
			return settings.Wrong("endpoint", "the URL of the endpoint")
		}
		return noID(c.Action, c.ID)
	}
	return needID(c.Action, c.ID)
}

func noID(action, id string) error {
	if id != "" {
		return fmt.Errorf("%s: %.64q is not expected, it takes no id", action, id)
	}
	return nil
}

func needID(action, id string) error {
	if id == "" {
		return fmt.Errorf("%s: no id is given, expected one after it", action)
	}
	return nil
}

func (t *Terminal) subscriptions(ctx context.Context, cfg subscriptionsConfig) error {
	c, err := t.dial(cfg.Server)
	if err != nil {
		return err
	}
	v := subscriptionsVerb{t: t, cfg: cfg, shown: t.printer(cfg.Server), service: c.EventSubscriptions}
	switch cfg.Action {
	case "list":
		return v.list(ctx)
	case "test":
		return v.test(ctx)
	case "enable":
		return v.enable(ctx)
	case "delete":
		return v.remove(ctx)
	}
	return v.one(ctx)
}

// subscriptionsVerb is one run.
type subscriptionsVerb struct {
	t       *Terminal
	cfg     subscriptionsConfig
	shown   printer
	service *client.EventSubscriptionsService
}

func (v *subscriptionsVerb) list(ctx context.Context) error {
	var all []client.EventSubscription
	for sub, err := range v.service.All(ctx, client.ListEventSubscriptions{}) {
		if err != nil {
			return err
		}
		all = append(all, sub)
	}
	type sub = client.EventSubscription
	return rows(v.shown, all,
		column[sub]{"ID", func(s sub) string { return s.ID }},
		column[sub]{"STATUS", func(s sub) string { return s.Status }},
		column[sub]{"DIALECT", func(s sub) string { return s.Dialect }},
		column[sub]{"TYPES", func(s sub) string { return strings.Join(s.EventTypes, ",") }},
		column[sub]{"FAILED", failCount},
		column[sub]{"ENDPOINT", func(s sub) string { return s.URL }},
	)
}

func failCount(s client.EventSubscription) string {
	if s.FailCount == nil {
		return "?"
	}
	return strconv.Itoa(*s.FailCount)
}

// one does what is answered with the subscription.
func (v *subscriptionsVerb) one(ctx context.Context) error {
	var sub *client.EventSubscription
	var err error
	secret := client.Secret(v.cfg.Secret.Reveal())
	switch v.cfg.Action {
	case "create":
		sub, err = v.service.Create(ctx, client.CreateEventSubscription{
			URL: v.cfg.Endpoint, EventTypes: typesOrAll(v.cfg.Types), Dialect: v.cfg.Dialect, Description: v.cfg.Description, Secret: secret,
		})
	case "rotate":
		sub, err = v.service.RotateSecret(ctx, v.cfg.ID, client.RotateSecret{Secret: secret})
	case "disable":
		sub, err = v.service.Disable(ctx, v.cfg.ID)
	default:
		sub, err = v.service.Get(ctx, v.cfg.ID)
	}
	if err != nil {
		return err
	}
	return v.show(sub)
}

func typesOrAll(types []string) []string {
	if len(types) == 0 {
		return []string{"*"}
	}
	return types
}
