package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/posthaste/posthaste/pkg/client"
	"github.com/posthaste/posthaste/services/internal/settings"
)

type keysConfig struct {
	Server      serverConfig  `embed:""`
	Action      string        `arg:"" optional:"" default:"list" enum:"list,create,get,revoke" help:"What to do."`
	ID          string        `arg:"" optional:"" help:"Key, phk_…; get and revoke need it."`
	Name        string        `name:"name" group:"Key" help:"What the key is for; for create."`
	Description string        `name:"description" group:"Key" help:"For people; for create."`
	Scopes      []string      `name:"scopes" group:"Key" help:"What it may do: events:write, events:read, webhooks:read, webhooks:write, admin; for create."`
	Operator    bool          `name:"operator" group:"Key" help:"A key that may name any tenant, for create; for list, those that there are."`
	ExpiresIn   time.Duration `name:"expires-in" group:"Key" unit:"duration" help:"How long it is good, such as 720h; for create. 0: until it is revoked." default:"0s"`
}

var allScopes = []string{client.ScopeEventsWrite, client.ScopeEventsRead, client.ScopeWebhooksRead, client.ScopeWebhooksWrite, client.ScopeAdmin}

// Validate holds what a tag cannot.
func (c *keysConfig) Validate() error {
	if c.Operator && c.Server.Tenant != "" {
		return errors.New("operator and tenant: both are set, expected one of them")
	}
	switch c.Action {
	case "get", "revoke":
		return needID(c.Action, c.ID)
	case "create":
		return c.validateNew()
	}
	return noID(c.Action, c.ID)
}

func (c *keysConfig) validateNew() error {
	switch {
	case c.Name == "":
		return settings.Wrong("name", "what the key is for")
	case len(c.Scopes) == 0:
		return settings.Wrong("scopes", "one or more of "+strings.Join(allScopes, ", "))
	case c.ExpiresIn != 0 && c.ExpiresIn < time.Second:
		return settings.Wrong("expires-in", "1s or more")
	}
	return noID(c.Action, c.ID)
}

func (t *Terminal) keys(ctx context.Context, cfg keysConfig) error {
	c, err := t.dial(cfg.Server)
	if err != nil {
		return err
	}
	p := t.printer(cfg.Server)
	switch cfg.Action {
	case "create":
		return t.createKey(ctx, c.APIKeys, cfg, p)
	case "get":
		return showKey(ctx, c.APIKeys.Get, cfg.ID, p)
	case "revoke":
		return revokeKey(ctx, c.APIKeys, cfg.ID, p)
	}
	list := c.APIKeys.List
	if cfg.Operator {
		list = c.APIKeys.ListOperators
	}
	all, err := list(ctx)
	if err != nil {
		return err
	}
	return keyRows(p, all)
}

// createKey prints the key where a program or a person finds it, and on a
// terminal says that it is not shown again.
func (t *Terminal) createKey(ctx context.Context, service *client.APIKeysService, cfg keysConfig, p printer) error {
	in := client.CreateAPIKey{Name: cfg.Name, Description: cfg.Description, Scopes: cfg.Scopes, Operator: cfg.Operator}
	if cfg.ExpiresIn > 0 {
		at := t.Now().Add(cfg.ExpiresIn)
		in.ExpiresAt = &at
	}
	made, err := service.Create(ctx, in)
	if err != nil {
		return err
	}
	fmt.Fprintln(t.Err, "the key is shown this once")
	return printKey(p, made)
}

func showKey(ctx context.Context, do func(context.Context, string) (*client.APIKey, error), id string, p printer) error {
	k, err := do(ctx, id)
	if err != nil {
		return err
	}
	return printKey(p, k)
}

func revokeKey(ctx context.Context, service *client.APIKeysService, id string, p printer) error {
	k, err := service.Revoke(ctx, id)
	if err != nil {
		return err
	}
	return p.value(k, id+" is revoked")
}

func printKey(p printer, k *client.APIKey) error {
	if p.json {
		return p.line(k)
	}
	return pairs(p.out, []pair{
		{"id", k.ID},
		{"key", k.Key.Reveal()},
		{"tenant", tenantOf(*k)},
		{"name", k.Name},
		{"description", k.Description},
		{"scopes", strings.Join(k.Scopes, ",")},
		{"rate", rateOf(*k)},
		{"created", moment(&k.CreatedAt)},
		{"expires", moment(k.ExpiresAt)},
		{"last used", moment(k.LastUsedAt)},
	})
}

func keyRows(p printer, all []client.APIKey) error {
	type key = client.APIKey
	return rows(p, all,
		column[key]{"ID", func(k key) string { return k.ID }},
		column[key]{"TENANT", tenantOf},
		column[key]{"NAME", func(k key) string { return k.Name }},
		column[key]{"SCOPES", func(k key) string { return strings.Join(k.Scopes, ",") }},
		column[key]{"CREATED", func(k key) string { return moment(&k.CreatedAt) }},
		column[key]{"EXPIRES", func(k key) string { return moment(k.ExpiresAt) }},
		column[key]{"LAST USED", func(k key) string { return moment(k.LastUsedAt) }},
	)
}

// tenantOf is a star, which no tenant is called, for an operator's key.
func tenantOf(k client.APIKey) string {
	if k.Operator {
		return "*"
	}
	return k.Tenant
}

func rateOf(k client.APIKey) string {
	if k.RateLimit == nil {
		return ""
	}
	if k.RateLimit.RequestsPerSecond == 0 {
		return "no limit"
	}
	return fmt.Sprintf("%s/s, %d at once", strconv.FormatFloat(k.RateLimit.RequestsPerSecond, 'f', -1, 64), k.RateLimit.Burst)
}
