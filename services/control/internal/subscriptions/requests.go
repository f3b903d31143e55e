package subscriptions

import "github.com/posthaste/posthaste/services/control/internal/rest"

// CreateEventSubscriptionRequest is the body of a POST. Members that are null
// count as absent.
type CreateEventSubscriptionRequest struct {
	URL              string              `json:"url" format:"uri" maxLength:"2048" doc:"Where deliveries are POSTed; https, and no private address."`
	EventTypes       []string            `json:"eventTypes" minItems:"1" nullable:"false" example:"[\"task.*\"]" doc:"Exact types, prefixes (task.*), or * for all. None twice."`
	Secret           *string             `json:"secret,omitempty" doc:"As the dialect wants it; in the dialect standard whsec_ and the base64 of 24 to 64 bytes. Without it one is made, and returned in this answer only."`
	SigningAlgorithm string              `json:"signingAlgorithm,omitempty" enum:"hmac_sha256,ed25519" doc:"Of the secret that is made. Receivers verify ed25519 with publicKey."`
	Description      string              `json:"description,omitempty" doc:"For people."`
	Filters          *FiltersRequest     `json:"filters,omitempty"`
	Tenant           string              `json:"tenant,omitempty" doc:"Whose it is; only an operator's key may name another than its own."`
	Dialect          string              `json:"dialect,omitempty" doc:"How deliveries look and fail. Left out: the tenant's, else the server's."`
	RetryPolicy      *RetryPolicyRequest `json:"retryPolicy,omitempty"`
	Timeout          string              `json:"timeout,omitempty" example:"5s" doc:"From the start of a POST to the end of its answer. Left out: the dialect's."`
	Headers          map[string]string   `json:"headers,omitempty" doc:"Further headers of every POST. Their values are not shown again."`
	TLS              *TLSRequest         `json:"tls,omitempty"`
	DisableAfter     *int                `json:"disableAfter,omitempty" minimum:"0" doc:"Failed deliveries in a row that disable it; 0 for never. Left out: the dialect's."`
	RateLimit        *RateLimitRequest   `json:"rateLimit,omitempty"`
	ContentType      string              `json:"contentType,omitempty" doc:"Content-Type of every POST. Left out: the dialect's."`
	SendTraceparent  *bool               `json:"sendTraceparent,omitempty" doc:"Whether POSTs have the headers traceparent and tracestate of W3C Trace Context. Left out: they have."`
}

// FiltersRequest narrows a subscription to some of the events of its types.
type FiltersRequest struct {
	TaskIDs []string    `json:"taskIds,omitempty" nullable:"false" doc:"Only events whose data.taskId is listed; empty for all events."`
	Pattern rest.Object `json:"pattern,omitempty" doc:"A pattern over data in the language of Amazon EventBridge, such as {\"amount\":[{\"numeric\":[\">\",100]}]}."`
}

// TLSRequest is how an https endpoint and Posthaste know one another.
type TLSRequest struct {
	ClientCertificate string `json:"clientCertificate,omitempty" doc:"PEM of the certificate that Posthaste shows to the endpoint, and of its issuers after it."`
	ClientKey         string `json:"clientKey,omitempty" doc:"PEM of its private key, without a passphrase. Never shown."`
	CA                string `json:"ca,omitempty" doc:"PEM of the authorities that the endpoint's certificate may be of, in place of the system's."`
}

// RateLimitRequest is how many POSTs the endpoint gets at most, from all
// dispatchers together.
type RateLimitRequest struct {
	Deliveries int    `json:"deliveries" minimum:"1" maximum:"100000" example:"10" doc:"POSTs at the most, spread evenly; what is over waits."`
	Per        string `json:"per" example:"1s" doc:"In so much time, 1s to 24h."`
}

// RetryPolicyRequest is a schedule of one's own.
type RetryPolicyRequest struct {
	Delays []string `json:"delays,omitempty" nullable:"false" example:"[\"10s\",\"1m\",\"5m\"]" doc:"Waits before the second attempt and those after it. Left out: the dialect's."`
}

// PatchEventSubscriptionRequest is the body of a PATCH, a JSON merge patch (RFC
// 7396): what is not given stays, null resets.
type PatchEventSubscriptionRequest struct {
	URL             rest.Member[string]                  `json:"url,omitempty" nullable:"false" doc:"Where deliveries are POSTed."`
	EventTypes      rest.Member[[]string]                `json:"eventTypes,omitempty" nullable:"false" doc:"Replaces the event types."`
	Description     rest.Member[string]                  `json:"description,omitempty" doc:"null clears it."`
	Filters         rest.Member[PatchFiltersRequest]     `json:"filters,omitempty" doc:"null removes all filters."`
	RetryPolicy     rest.Member[PatchRetryPolicyRequest] `json:"retryPolicy,omitempty" doc:"null goes back to the dialect's."`
	Timeout         rest.Member[string]                  `json:"timeout,omitempty" doc:"null goes back to the dialect's."`
	Headers         rest.Member[map[string]string]       `json:"headers,omitempty" doc:"Replaces all of them; null removes them."`
	TLS             rest.Member[TLSRequest]              `json:"tls,omitempty" doc:"Replaces all of it, so the key has to be given again; null removes it."`
	DisableAfter    rest.Member[int]                     `json:"disableAfter,omitempty" doc:"null goes back to the dialect's."`
	RateLimit       rest.Member[RateLimitRequest]        `json:"rateLimit,omitempty" doc:"Replaces all of it; null removes it."`
	ContentType     rest.Member[string]                  `json:"contentType,omitempty" doc:"null goes back to the dialect's."`
	SendTraceparent rest.Member[bool]                    `json:"sendTraceparent,omitempty" doc:"null is true."`
}

// PatchFiltersRequest changes the filters that it names.
type PatchFiltersRequest struct {
	TaskIDs rest.Member[[]string]    `json:"taskIds,omitempty" doc:"Replaces the task ids; null or empty lets all through."`
	Pattern rest.Member[rest.Object] `json:"pattern,omitempty" doc:"Replaces the pattern; null lets all through."`
}

// PatchRetryPolicyRequest changes the schedule.
type PatchRetryPolicyRequest struct {
	Delays rest.Member[[]string] `json:"delays,omitempty" doc:"Replaces the waits; null goes back to the dialect's."`
}

// RotateSecretRequest is the body of …/rotate-secret, which may be left out.
type RotateSecretRequest struct {
	Secret  *string `json:"secret,omitempty" doc:"The new secret. Left out: one is made, and returned in this answer only."`
	Overlap *string `json:"overlap,omitempty" example:"24h" doc:"How long the old secret goes on signing beside the new one, 0s to 168h. Left out: 24h."`
}
