// Package aicity is the view that AI City's clients have: a tenant has one
// webhook, at /v1/webhook.
package aicity

import (
	"context"
	"net/http"

	"github.com/posthaste/posthaste/services/control/internal/deliveries"
	"github.com/posthaste/posthaste/services/control/internal/rest"
	"github.com/posthaste/posthaste/services/control/internal/subscriptions"
	"github.com/posthaste/posthaste/services/internal/auth"
	"github.com/posthaste/posthaste/services/internal/problem"
	"github.com/posthaste/posthaste/services/internal/subscription"
)

const (
	path = "/v1/webhook"
	// dialectName is that of the webhook.
	dialectName = "aicity"
)

// Resource is the view.
type Resource struct {
	subscriptions *subscriptions.Resource
	deliveries    *deliveries.Resource
}

// New makes the view of these resources.
func New(subs *subscriptions.Resource, history *deliveries.Resource) *Resource {
	return &Resource{subscriptions: subs, deliveries: history}
}

// Register puts the operations on the API.
func (r *Resource) Register(a *rest.API) {
	operation := func(id, method, suffix, summary string, status int, further ...int) rest.Operation {
		return rest.Operation{ID: id, Tag: "webhook", Scope: rest.ByMethod(method, auth.WebhooksRead, auth.WebhooksWrite), Method: method, Path: path + suffix, Status: status, Summary: summary, Body: method == http.MethodPut, Further: further}
	}
	rest.Handle(a, operation("register-webhook", http.MethodPut, "", "Register the tenant's one webhook, or change its URL", http.StatusOK, http.StatusConflict), r.register)
	rest.Handle(a, operation("get-webhook", http.MethodGet, "", "Read the tenant's one webhook", http.StatusOK, http.StatusNotFound), r.get)
	rest.Handle(a, operation("remove-webhook", http.MethodDelete, "", "Remove the tenant's one webhook", http.StatusNoContent, http.StatusNotFound, http.StatusConflict), r.remove)
	rest.Handle(a, operation("test-webhook", http.MethodPost, "/test", "Send a test event through the full path", http.StatusOK, http.StatusNotFound), r.test)
	rest.Handle(a, operation("list-webhook-deliveries", http.MethodGet, "/deliveries", "List the webhook's deliveries, newest first", http.StatusOK), r.list)
}

// RegisterWebhookRequest is the body of a PUT.
type RegisterWebhookRequest struct {
	URL    string `json:"url" format:"uri" maxLength:"2048" doc:"Where deliveries are POSTed; https, and no private address."`
	Tenant string `json:"tenant,omitempty" doc:"Whose it is; only an operator's key may name another than its own."`
}

type tenantInput struct {
	Tenant string `query:"tenant" doc:"Whose; an operator's key may name any."`
}

type registerInput struct {
	Tenant string `query:"tenant" doc:"Whose it is; an operator's key may name any."`
	Body   rest.Body[RegisterWebhookRequest]
}

type registerOutput struct{ Body RegisteredWebhook }

// RegisteredWebhook is what a registration made.
type RegisteredWebhook struct {
	URL     string `json:"url"`
	Secret  string `json:"secret,omitempty" doc:"On the first registration only."`
	Enabled bool   `json:"enabled"`
}

// register makes the webhook, or gives it a new URL, enables it and forgets its
// failures. The secret stays, and is shown the first time only.
func (r *Resource) register(ctx context.Context, in *registerInput) (*registerOutput, error) {
	req, err := in.Body.Decode()
	if err != nil {
		return nil, err
	}
	named, err := rest.OneName(in.Tenant, req.Tenant)
	if err != nil {
		return nil, err
	}
	made, err := r.subscriptions.Create(ctx, named, &subscriptions.CreateEventSubscriptionRequest{URL: req.URL, Dialect: dialectName})
	if err != nil {
		return nil, err
	}
	return &registerOutput{Body: RegisteredWebhook{URL: made.GetUrl(), Secret: made.Secret, Enabled: made.Active()}}, nil
}

type getOutput struct{ Body Webhook }

// Webhook is the webhook as it is.
type Webhook struct {
	URL          string `json:"url"`
	SecretPrefix string `json:"secretPrefix" doc:"The first 12 characters of the secret."`
	Enabled      bool   `json:"enabled"`
	FailCount    *int   `json:"failCount" doc:"Deliveries that failed since the last success; null while it is not known."`
}

func (r *Resource) get(ctx context.Context, in *tenantInput) (*getOutput, error) {
	sub, err := r.only(ctx, in.Tenant)
	if err != nil {
		return nil, err
	}
	return &getOutput{Body: Webhook{
		URL: sub.GetUrl(), SecretPrefix: r.subscriptions.SecretPrefix(sub), Enabled: sub.Active(), FailCount: r.subscriptions.FailCount(ctx, sub),
	}}, nil
}

// only is the tenant's webhook, or a 404.
func (r *Resource) only(ctx context.Context, tenantName string) (*subscription.Subscription, error) {
	sub, err := r.subscriptions.Only(ctx, tenantName)
	if err == nil && sub == nil {
		err = problem.NotFound("No webhook is registered.")
	}
	return sub, err
}

func (r *Resource) remove(ctx context.Context, in *tenantInput) (*struct{}, error) {
	sub, err := r.only(ctx, in.Tenant)
	if err != nil {
		return nil, err
	}
	_, err = r.subscriptions.Remove(ctx, sub.GetTenant(), sub.GetId())
	return nil, err
}
