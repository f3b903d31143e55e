// Package webhook signs and verifies deliveries as Standard Webhooks 1.0
// describes (https://github.com/standard-webhooks/standard-webhooks, file
// spec/standard-webhooks.md).
//
// A receiver makes one Verifier and either wraps its handler in
// [Verifier.Middleware], or hands header and raw body to [Verifier.Parse]. A
// sender makes one Signer for an endpoint and calls [Signer.Sign] for each
// attempt.
//
// The body is signed as bytes. Verify it as it was read, before decoding it.
//
// The package needs nothing but the standard library.
package webhook

// The headers of a delivery (spec section "Webhook headers"). HTTP compares
// names without case; these are the spec's spelling.
const (
	// HeaderID carries the delivery's id. It is the same on every attempt, so
	// a receiver that has seen it can drop the repeat.
	HeaderID = "webhook-id"
	// HeaderTimestamp carries the time of the attempt, in whole seconds since
	// 1970 UTC.
	HeaderTimestamp = "webhook-timestamp"
	// HeaderSignature carries one or more signatures with spaces between.
	HeaderSignature = "webhook-signature"
)
