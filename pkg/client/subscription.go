package client

import (
	"encoding/json"
	"time"
)

// Status of a subscription.
const (
	StatusActive   = "active"
	StatusDisabled = "disabled"
)

// EventSubscription is a wish: these types of events, to this URL.
type EventSubscription struct {
	ID               string      `json:"id"`
	Tenant           string      `json:"tenant"`
	URL              string      `json:"url"`
	EventTypes       []string    `json:"eventTypes"`
	Filters          Filters     `json:"filters"`
	Description      string      `json:"description"`
	Dialect          string      `json:"dialect"`
	Status           string      `json:"status"`                   // StatusActive or StatusDisabled
	DisabledReason   string      `json:"disabledReason,omitempty"` // requested, consecutive_failures or gone
	DisabledAt       *time.Time  `json:"disabledAt,omitempty"`
	SigningAlgorithm string      `json:"signingAlgorithm"`    // hmac_sha256 or ed25519
	PublicKey        string      `json:"publicKey,omitempty"` // whpk_…, of ed25519
	RetryPolicy      RetryPolicy `json:"retryPolicy"`
	// FailCount is how many deliveries failed since the last success; nil where
	// the server does not know.
	FailCount *int `json:"failCount,omitempty"`
	// Timeout is from the start of a POST to the end of its answer.
	Timeout Duration `json:"timeout"`
	// Headers are those that you added; their values are not shown again.
	Headers map[string]string `json:"headers,omitempty"`
	// TLS names the certificates that it has for itself; nil for none.
	TLS *TLSInfo `json:"tls,omitempty"`
	// DisableAfter is how many failed deliveries in a row disable it; 0 for
	// never.
	DisableAfter int `json:"disableAfter"`
	// RateLimit is how many POSTs it gets at most; nil for no limit.
	RateLimit   *DeliveryRate `json:"rateLimit,omitempty"`
	ContentType string        `json:"contentType"`
	// SendTraceparent is false where POSTs have no traceparent, and nil where
	// they have.
	SendTraceparent *bool `json:"sendTraceparent,omitempty"`
	// Secret is in the answer to the request that had the server make it, and
	// nowhere else.
	Secret          Secret           `json:"secret,omitempty"`
	SecretPrefix    string           `json:"secretPrefix"`
	RetiringSecrets []RetiringSecret `json:"retiringSecrets,omitempty"`
	CreatedAt       time.Time        `json:"createdAt"`
	UpdatedAt       time.Time        `json:"updatedAt"`
}

// Filters narrow a subscription to some of the events of its types.
type Filters struct {
	// TaskIDs lets only events through whose data.taskId is listed; empty for
	// all.
	TaskIDs []string `json:"taskIds,omitempty"`
	// Pattern over data, in the language of Amazon EventBridge.
	Pattern json.RawMessage `json:"pattern,omitempty"`
}

// RetiringSecret is an older secret that still signs after a rotation.
type RetiringSecret struct {
	Prefix    string    `json:"prefix"`
	ExpiresAt time.Time `json:"expiresAt"`
}

// RetryPolicy is when attempts are made.
type RetryPolicy struct {
	MaxAttempts           int     `json:"maxAttempts"`
	InitialBackoffSeconds float64 `json:"initialBackoffSeconds"`
	MaxBackoffSeconds     float64 `json:"maxBackoffSeconds"`
	// Delays are the waits before the second attempt and those after it.
	Delays []Duration `json:"delays"`
}

// CreateEventSubscription asks for a subscription. URL and EventTypes are
// required; what else is left zero is the dialect's or the tenant's.
type CreateEventSubscription struct {
	URL string `json:"url"`
	// EventTypes are exact ("task.created"), prefixes ("task.*") or all ("*").
	EventTypes []string `json:"eventTypes"`
	// Secret is made by the server, where the dialect allows that, if it is
	// empty.
	Secret Secret `json:"secret,omitempty"`
	// SigningAlgorithm of a secret that is made: hmac_sha256 or ed25519.
	SigningAlgorithm string       `json:"signingAlgorithm,omitempty"`
	Description      string       `json:"description,omitempty"`
	Filters          *Filters     `json:"filters,omitempty"`
	Dialect          string       `json:"dialect,omitempty"`
	RetryPolicy      *RetryDelays `json:"retryPolicy,omitempty"`
	Timeout          Duration     `json:"timeout,omitzero"`
	// Headers are sent with every POST, beside the dialect's own.
	Headers map[string]string `json:"headers,omitempty"`
	// TLS is how the endpoint and the server know one another; nil for as all
	// others.
	TLS *TLS `json:"tls,omitempty"`
	// DisableAfter is how many failed deliveries in a row disable it; 0 for
	// never, nil for the dialect's.
	DisableAfter *int `json:"disableAfter,omitempty"`
	// RateLimit is how many POSTs it gets at most; nil for no limit.
	RateLimit   *DeliveryRate `json:"rateLimit,omitempty"`
	ContentType string        `json:"contentType,omitempty"`
	// SendTraceparent says whether POSTs have the headers of W3C Trace Context;
	// nil for that they have.
	SendTraceparent *bool `json:"sendTraceparent,omitempty"`
}

// DeliveryRate is so many deliveries in so much time, from all of the server
// together: 1 to 100,000 in a second to a day.
type DeliveryRate struct {
	Deliveries int      `json:"deliveries"`
	Per        Duration `json:"per"`
}

// TLS is how an https endpoint and the server know one another, each in PEM.
type TLS struct {
	// ClientCertificate is what the server shows to the endpoint, and those of
	// its issuers after it.
	ClientCertificate string `json:"clientCertificate,omitempty"`
	// ClientKey is its private key, without a passphrase.
	ClientKey Secret `json:"clientKey,omitempty"`
	// CA are the authorities that the endpoint's certificate may be of, in place
	// of the server's.
	CA string `json:"ca,omitempty"`
}

// TLSInfo names the certificates of a subscription.
type TLSInfo struct {
	ClientCertificate *Certificate  `json:"clientCertificate,omitempty"`
	CA                []Certificate `json:"ca,omitempty"` // empty for the server's
}

// Certificate tells one from others.
type Certificate struct {
	Subject     string    `json:"subject"`
	ExpiresAt   time.Time `json:"expiresAt"`
	Fingerprint string    `json:"fingerprint"` // SHA-256 in hex
}

// RetryDelays is a schedule of one's own.
type RetryDelays struct {
	// Delays are the waits before the second attempt and those after it.
	Delays []Duration `json:"delays"`
}

// UpdateEventSubscription changes what is Set or Reset and leaves the rest.
type UpdateEventSubscription struct {
	URL             Change[string]            `json:"url,omitzero"`
	EventTypes      Change[[]string]          `json:"eventTypes,omitzero"`
	Description     Change[string]            `json:"description,omitzero"`
	Filters         Change[UpdateFilters]     `json:"filters,omitzero"`
	RetryPolicy     Change[RetryDelays]       `json:"retryPolicy,omitzero"`
	Timeout         Change[Duration]          `json:"timeout,omitzero"`
	Headers         Change[map[string]string] `json:"headers,omitzero"`
	TLS             Change[TLS]               `json:"tls,omitzero"` // all of it at once
	DisableAfter    Change[int]               `json:"disableAfter,omitzero"`
	RateLimit       Change[DeliveryRate]      `json:"rateLimit,omitzero"` // all of it at once
	ContentType     Change[string]            `json:"contentType,omitzero"`
	SendTraceparent Change[bool]              `json:"sendTraceparent,omitzero"`
}

// UpdateFilters changes the filters that it names.
type UpdateFilters struct {
	TaskIDs Change[[]string]        `json:"taskIds,omitzero"`
	Pattern Change[json.RawMessage] `json:"pattern,omitzero"`
}
