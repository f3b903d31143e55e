package bus

import "strings"

// Streams.
const (
	StreamEvents     = "EVENTS"     // events.<tenant>.<type>; what happened
	StreamDeliveries = "DELIVERIES" // deliveries.<lane>.<tenant>.<subscription>; work to do now
	StreamDelays     = "DELAYS"     // delays.<tier>.<tenant>.<subscription>; work to do later
	StreamAttempts   = "ATTEMPTS"   // attempts.<tenant>.<subscription>; what was done
	StreamRejected   = "REJECTED"   // rejected.<tenant>; events that could not be read
)

// KV buckets.
const (
	BucketSubscriptions = "subscriptions" // <tenant>.<id>
	BucketClaims        = "claims"        // <tenant>.<digest>; who has what only one may have
	BucketTenants       = "tenants"       // <tenant>
	BucketEventTypes    = "event-types"   // <tenant>.<type>; the server's under "_"
	BucketReplays       = "replays"       // <tenant>.<id>
	BucketKeys          = "keys"          // <id>; API keys by their digests
	BucketKeyUses       = "key-uses"      // <id>; when API keys were last used
	BucketIdempotency   = "idempotency"   // <tenant>.<digest>; answers to requests with an Idempotency-Key
	BucketBooks         = "books"         // <service>-<id>; what each process has done
)

// Durable consumers, each shared by all processes of its kind.
const (
	ConsumerRouter   = "router"   // of EVENTS
	ConsumerExpress  = "express"  // of EVENTS, in routers, while many events wait
	ConsumerHistory  = "history"  // of ATTEMPTS, in control
	ConsumerNotifier = "notifier" // of EVENTS, in control: what operators are told of
)

// Lane is a queue of deliveries with a durable consumer of its own, so that
// due retries, fresh deliveries and a tenant's flood never wait for each other.
type Lane string

// The lanes. A lane's consumer has the lane's name.
const (
	LaneFresh Lane = "fresh" // first tries
	LaneBulk  Lane = "bulk"  // first tries beyond the share of their tenant while others would wait
	LaneDue   Lane = "due"   // back from the delay line
)

// Headers on messages. NATS looks headers up by their exact spelling.
const (
	HeaderContentType = "Content-Type"
	HeaderTraceparent = "traceparent"
	HeaderTracestate  = "tracestate"
	// HeaderSpanParent is the span that the work on the message is a part of, as
	// a traceparent. The header traceparent stays the event's own on all hops.
	HeaderSpanParent = "Posthaste-Span-Parent"
	// HeaderSpanEvent is the event's span, to link to. Without
	// HeaderSpanParent the work begins a trace of its own.
	HeaderSpanEvent = "Posthaste-Span-Event"
	// HeaderSpanPrevious is the span of the attempt before, to link to.
	HeaderSpanPrevious = "Posthaste-Span-Previous"
	// HeaderRejectReason says in REJECTED why an event could not be read.
	HeaderRejectReason = "Posthaste-Reject-Reason"
	// HeaderRejectSubject is the subject that the producer had published to.
	HeaderRejectSubject = "Posthaste-Reject-Subject"
	// HeaderRejectTruncated is "true" where the payload was cut to fit.
	HeaderRejectTruncated = "Posthaste-Reject-Truncated"
)

const (
	prefixEvents     = "events."
	prefixDeliveries = "deliveries."
	prefixDelays     = "delays."
	prefixAttempts   = "attempts."
	prefixRejected   = "rejected."
)

// SplitEventSubject returns the tenant and type of events.<tenant>.<type>.
// ok is false for any other subject.
func SplitEventSubject(subject string) (tenant, eventType string, ok bool) {
	rest, ok := strings.CutPrefix(subject, prefixEvents)
	if !ok {
		return "", "", false
	}
	tenant, eventType, ok = strings.Cut(rest, ".")
	return tenant, eventType, ok && tenant != "" && eventType != ""
}

// DeliverySubject is deliveries.<lane>.<tenant>.<subscription>.
func DeliverySubject(lane Lane, tenant, subscription string) string {
	return prefixDeliveries + string(lane) + "." + tenant + "." + subscription
}

// DelaySubject is delays.<tier>.<tenant>.<subscription>.
func DelaySubject(tier, tenant, subscription string) string {
	return prefixDelays + tier + "." + tenant + "." + subscription
}

// AttemptSubject is attempts.<tenant>.<subscription>.
func AttemptSubject(tenant, subscription string) string {
	return prefixAttempts + tenant + "." + subscription
}

// RejectedSubject is rejected.<tenant>.
func RejectedSubject(tenant string) string { return prefixRejected + tenant }

// SubscriptionKey is the KV key <tenant>.<id>.
func SubscriptionKey(tenant, id string) string { return tenant + "." + id }
