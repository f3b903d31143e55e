// Package neiracore is the view that Neiracore's clients have: /v1/webhooks, of
// agents.
package neiracore

import (
	"context"
	"net/http"
	"time"

	"github.com/posthaste/posthaste/services/control/internal/rest"
	"github.com/posthaste/posthaste/services/control/internal/subscriptions"
	"github.com/posthaste/posthaste/services/internal/auth"
	"github.com/posthaste/posthaste/services/internal/problem"
	"github.com/posthaste/posthaste/services/internal/subscription"
)

const (
	collection = "/v1/webhooks"
	// dialectName is that of the webhooks.
	dialectName = "neiracore"
)

// Resource is the view.
type Resource struct{ subscriptions *subscriptions.Resource }

// New makes the view of subs.
func New(subs *subscriptions.Resource) *Resource { return &Resource{subscriptions: subs} }

// Register puts the operations on the API.
func (r *Resource) Register(a *rest.API) {
	operation := func(id, method, suffix, summary string, status int, further ...int) rest.Operation {
		return rest.Operation{ID: id, Tag: "webhooks", Scope: rest.ByMethod(method, auth.WebhooksRead, auth.WebhooksWrite), Method: method, Path: collection + suffix, Status: status, Summary: summary, Body: method == http.MethodPost, Further: further}
	}
	rest.Handle(a, operation("create-webhook", http.MethodPost, "", "Create an agent's webhook", http.StatusCreated, http.StatusConflict), r.create)
	rest.Handle(a, operation("list-webhooks", http.MethodGet, "", "List an agent's webhooks, oldest first", http.StatusOK), r.list)
	rest.Handle(a, operation("get-one-webhook", http.MethodGet, "/{id}", "Read a webhook", http.StatusOK, http.StatusNotFound), r.get)
	rest.Handle(a, operation("delete-webhook", http.MethodDelete, "/{id}", "Remove a webhook", http.StatusOK, http.StatusNotFound, http.StatusConflict), r.remove)
}

// CreateAgentWebhookRequest is the body of a POST.
type CreateAgentWebhookRequest struct {
	AgentAid string   `json:"agentAid,omitempty" doc:"The agent, which is the tenant. Left out: the key's."`
	URL      string   `json:"url" format:"uri" maxLength:"2048" doc:"Where deliveries are POSTed; https, and no private address."`
	Events   []string `json:"events" minItems:"1" nullable:"false" doc:"Exact types, prefixes (task.*), or * for all."`
	Secret   *string  `json:"secret,omitempty" doc:"Signs the payloads: whsec_… or any text."`
}

// AgentWebhook is a webhook as Neiracore's clients see it.
type AgentWebhook struct {
	ID        string    `json:"id"`
	AgentAid  string    `json:"agentAid"`
	URL       string    `json:"url"`
	Events    []string  `json:"events" nullable:"false"`
	Status    string    `json:"status" enum:"active,paused"`
	CreatedAt time.Time `json:"createdAt"`
}

type createInput struct {
	IdempotencyKey string `header:"Idempotency-Key" doc:"8 to 128 characters. The same key and body give the same answer for 24 hours; another body is a 409."`
	Body           rest.Body[CreateAgentWebhookRequest]
}

type webhookOutput struct{ Body AgentWebhook }

func (r *Resource) create(ctx context.Context, in *createInput) (*webhookOutput, error) {
	req, err := in.Body.Decode()
	if err != nil {
		return nil, err
	}
	made, err := r.subscriptions.Create(ctx, req.AgentAid, &subscriptions.CreateEventSubscriptionRequest{
		URL: req.URL, EventTypes: req.Events, Secret: req.Secret, Dialect: dialectName,
	})
	if err != nil {
		return nil, inTheirWords(err)
	}
	return &webhookOutput{Body: view(made.Subscription)}, nil
}

// inTheirWords names fields as this view does.
func inTheirWords(err error) error {
	return problem.Renamed(err, map[string]string{"eventTypes": "events", "tenant": "agentAid"})
}

type listInput struct {
	AgentAid string `query:"agentAid" doc:"The agent, which is the tenant."`
}

type listOutput struct{ Body AgentWebhookList }

// AgentWebhookList is an agent's webhooks.
type AgentWebhookList struct {
	Data []AgentWebhook `json:"data" nullable:"false"`
}

func (r *Resource) list(ctx context.Context, in *listInput) (*listOutput, error) {
	all, err := r.subscriptions.InDialect(ctx, in.AgentAid, dialectName)
	if err != nil {
		return nil, inTheirWords(err)
	}
	out := &listOutput{Body: AgentWebhookList{Data: []AgentWebhook{}}}
	for _, sub := range all {
		out.Body.Data = append(out.Body.Data, view(sub))
	}
	return out, nil
}

type oneInput struct {
	ID       string `path:"id" doc:"evsub_…"`
	AgentAid string `query:"agentAid" doc:"The agent, which is the tenant; an operator's key may leave it out."`
}

// find is the webhook that a request names. Subscriptions in other dialects are
// none.
func (r *Resource) find(ctx context.Context, in *oneInput) (*subscription.Subscription, error) {
	sub, err := r.subscriptions.Find(ctx, in.ID, in.AgentAid)
	if err == nil && sub.GetDialect() != dialectName {
		err = problem.NotFound("There is no such webhook.")
	}
	return sub, inTheirWords(err)
}

func (r *Resource) get(ctx context.Context, in *oneInput) (*webhookOutput, error) {
	sub, err := r.find(ctx, in)
	if err != nil {
		return nil, err
	}
	return &webhookOutput{Body: view(sub)}, nil
}

func (r *Resource) remove(ctx context.Context, in *oneInput) (*webhookOutput, error) {
	sub, err := r.find(ctx, in)
	if err != nil {
		return nil, err
	}
	if sub, err = r.subscriptions.Remove(ctx, sub.GetTenant(), sub.GetId()); err != nil {
		return nil, err
	}
	return &webhookOutput{Body: view(sub)}, nil
}

func view(sub *subscription.Subscription) AgentWebhook {
	w := AgentWebhook{
		ID: sub.GetId(), AgentAid: sub.GetTenant(), URL: sub.GetUrl(), Events: sub.GetEventTypes(), Status: "active",
		CreatedAt: rest.Moment(sub.GetCreatedAt()),
	}
	if !sub.Active() {
		w.Status = "paused"
	}
	return w
}
