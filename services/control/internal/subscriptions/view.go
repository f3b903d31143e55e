package subscriptions

import (
	"strings"
	"time"

	"github.com/posthaste/posthaste/services/control/internal/rest"
	"github.com/posthaste/posthaste/services/internal/dialect"
	"github.com/posthaste/posthaste/services/internal/policy"
	"github.com/posthaste/posthaste/services/internal/schedule"
	"github.com/posthaste/posthaste/services/internal/subscription"
)

// EventSubscription is a subscription as the API shows it.
type EventSubscription struct {
	ID               string                       `json:"id" pattern:"^evsub_[A-Za-z0-9]+$"`
	Tenant           string                       `json:"tenant"`
	URL              string                       `json:"url" format:"uri"`
	EventTypes       []string                     `json:"eventTypes" nullable:"false"`
	Filters          EventSubscriptionFilters     `json:"filters"`
	Description      string                       `json:"description"`
	Dialect          string                       `json:"dialect"`
	Status           string                       `json:"status" enum:"active,disabled"`
	DisabledReason   string                       `json:"disabledReason,omitempty" doc:"requested, consecutive_failures, or gone (the endpoint answered 410)."`
	DisabledAt       *time.Time                   `json:"disabledAt,omitempty"`
	SigningAlgorithm string                       `json:"signingAlgorithm" enum:"hmac_sha256,ed25519"`
	PublicKey        string                       `json:"publicKey,omitempty" doc:"whpk_…, which receivers verify ed25519 signatures with."`
	RetryPolicy      EventSubscriptionRetryPolicy `json:"retryPolicy"`
	FailCount        *int                         `json:"failCount,omitempty" doc:"Deliveries that failed since the last success; absent while it is not known."`
	Timeout          string                       `json:"timeout" doc:"From the start of a POST to the end of its answer."`
	Headers          map[string]string            `json:"headers,omitempty" doc:"Further headers of every POST, with [secret] for their values."`
	TLS              *EventSubscriptionTLS        `json:"tls,omitempty" doc:"What it has of TLS for itself, without the private key."`
	RateLimit        *EventSubscriptionRateLimit  `json:"rateLimit,omitempty" doc:"How many POSTs it gets at most; left out where it has no limit."`
	DisableAfter     int                          `json:"disableAfter" doc:"Failed deliveries in a row that disable it; 0 for never."`
	ContentType      string                       `json:"contentType"`
	SendTraceparent  *bool                        `json:"sendTraceparent,omitempty" doc:"false where POSTs have no traceparent; left out where they have."`
	Secret           string                       `json:"secret,omitempty" doc:"Only in the answer to the request that made it."`
	RetiringSecrets  []RetiringSecret             `json:"retiringSecrets,omitempty" doc:"Older secrets that still sign, after a rotation."`
	SecretPrefix     string                       `json:"secretPrefix" doc:"The first 12 characters of the secret; empty where there is a public key."`
	CreatedAt        time.Time                    `json:"createdAt"`
	UpdatedAt        time.Time                    `json:"updatedAt"`
	AvailableActions []string                     `json:"availableActions" nullable:"false" doc:"deactivate, or nothing."`
}

// EventSubscriptionFilters narrow a subscription.
type EventSubscriptionFilters struct {
	TaskIDs []string    `json:"taskIds" nullable:"false" doc:"Only events whose data.taskId is listed; empty for all events."`
	Pattern rest.Object `json:"pattern,omitempty" doc:"A pattern over data in the language of Amazon EventBridge."`
}

// EventSubscriptionTLS names the certificates that the subscription has.
type EventSubscriptionTLS struct {
	ClientCertificate *Certificate  `json:"clientCertificate,omitempty" doc:"Which Posthaste shows to the endpoint."`
	CA                []Certificate `json:"ca,omitempty" doc:"Authorities that the endpoint's certificate may be of; left out for the system's."`
}

// Certificate tells one from others.
type Certificate struct {
	Subject     string    `json:"subject"`
	ExpiresAt   time.Time `json:"expiresAt"`
	Fingerprint string    `json:"fingerprint" doc:"SHA-256 in hex."`
}

// RetiringSecret is a secret that is on its way out.
type RetiringSecret struct {
	Prefix    string    `json:"prefix" doc:"The first 12 characters; empty where there is a public key."`
	PublicKey string    `json:"publicKey,omitempty"`
	ExpiresAt time.Time `json:"expiresAt"`
}

// EventSubscriptionRetryPolicy is when attempts are made.
type EventSubscriptionRetryPolicy struct {
	MaxAttempts           int      `json:"maxAttempts"`
	InitialBackoffSeconds float64  `json:"initialBackoffSeconds"`
	MaxBackoffSeconds     float64  `json:"maxBackoffSeconds"`
	Delays                []string `json:"delays" nullable:"false" doc:"Waits before the second attempt and those after it."`
}

const (
	statusActive   = "active"
	statusDisabled = "disabled"
)

// hidden stands for what is not shown again.
const hidden = "[secret]"

// newView shows sub. failCount is nil where it is not known.
func (r *Resource) newView(sub *subscription.Subscription, failCount *int) EventSubscription {
	d := r.shownDialect(sub)
	p, opened := r.deps.Policies.Of(d, sub.Subscription), r.opened(sub)
	v := EventSubscription{
		ID: sub.GetId(), Tenant: sub.GetTenant(), URL: sub.GetUrl(), Description: sub.GetDescription(), Dialect: sub.GetDialect(),
		EventTypes: rest.List(sub.GetEventTypes()), Status: statusActive, FailCount: failCount,
		Filters:          EventSubscriptionFilters{TaskIDs: rest.List(sub.GetFilters().GetTaskIds()), Pattern: sub.GetFilters().GetPattern()},
		SigningAlgorithm: algorithmOf(d, opened), RetryPolicy: newRetryPolicy(p.Schedule),
		Timeout: shortDuration(p.Timeout), DisableAfter: p.DisableAfter, ContentType: p.ContentType,
		CreatedAt: rest.Moment(sub.GetCreatedAt()), UpdatedAt: rest.Moment(sub.GetUpdatedAt()), AvailableActions: []string{"deactivate"},
	}
	v.showSecrets(d, opened, r.now())
	v.TLS, v.RateLimit = showTLS(opened.GetTls()), showRateLimit(sub.GetRateLimit())
	if sub.SendTraceparent != nil && !sub.GetSendTraceparent() {
		v.SendTraceparent = new(false)
	}
	if !sub.Active() {
		v.Status, v.DisabledReason, v.AvailableActions = statusDisabled, sub.GetDisabledReason(), []string{}
		if at := sub.GetDisabledAt(); at != nil {
			t := rest.Moment(at)
			v.DisabledAt = &t
		}
	}
	return v
}

// policyOf is how the subscription's deliveries are tried.
func (r *Resource) policyOf(sub *subscription.Subscription) policy.Policy {
	return r.deps.Policies.Of(r.shownDialect(sub), sub.Subscription)
}

// shownDialect is the subscription's dialect. Where that is not known here, what
// the subscription says itself is shown with the default's rest.
func (r *Resource) shownDialect(sub *subscription.Subscription) *dialect.Dialect {
	if d, ok := r.deps.Dialects.Get(sub.GetDialect()); ok {
		return d
	}
	return r.deps.Dialects.Default()
}

// showSecrets shows what tells secrets from others, and no more.
func (v *EventSubscription) showSecrets(d *dialect.Dialect, opened subscription.Secrets, now time.Time) {
	for name := range opened.GetHeaders() {
		if v.Headers == nil {
			v.Headers = make(map[string]string)
		}
		v.Headers[name] = hidden
	}
	for i, secret := range opened.GetSecrets() {
		prefix, public := identify(d, secret.GetValue())
		switch {
		case i == 0:
			v.SecretPrefix, v.PublicKey = prefix, public
		case secret.GetExpiresAt().AsTime().After(now):
			v.RetiringSecrets = append(v.RetiringSecrets, RetiringSecret{prefix, public, rest.Moment(secret.GetExpiresAt())})
		}
	}
}

func newRetryPolicy(plan schedule.Schedule) EventSubscriptionRetryPolicy {
	v := EventSubscriptionRetryPolicy{MaxAttempts: plan.MaxAttempts(), Delays: []string{}}
	for i, d := range plan.Delays() {
		if i == 0 {
			v.InitialBackoffSeconds = d.Seconds()
		}
		v.MaxBackoffSeconds = max(v.MaxBackoffSeconds, d.Seconds())
		v.Delays = append(v.Delays, shortDuration(d))
	}
	return v
}

// shortDuration writes 5m for what Go writes as 5m0s.
func shortDuration(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
