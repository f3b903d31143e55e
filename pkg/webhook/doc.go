// Package webhook signs, verifies and reads deliveries in every dialect that
// Posthaste speaks, and in those that you define.
//
// A receiver makes one Verifier and either wraps its handler in
// [Verifier.Middleware], or hands header and raw body to [Verifier.Parse]. A
// sender makes one Signer for an endpoint and calls [Signer.Sign] for each
// attempt.
//
// The body is signed as bytes. Verify it as it was read, before decoding it.
//
// # Schemes
//
// Unless told otherwise both speak Standard Webhooks 1.0
// (https://github.com/standard-webhooks/standard-webhooks, file
// spec/standard-webhooks.md, which "spec" means here). A [Scheme] tells
// otherwise: [WithScheme] to a verifier, [NewSchemeSigner] to a signer.
//
//	scheme     signature header            value                       signed          key
//	standard   webhook-signature           v1,<base64> v1a,<base64> …  id.time.body    decoded
//	neiracore  x-neiracore-signature       <hex>                       body            literal
//	aicity     X-City-Signature            sha256=<hex>                body            literal
//	agentrail  x-agentrail-signature       sha256=<hex>                body            literal
//	github     X-Hub-Signature-256         sha256=<hex>                body            literal
//	stripe     Stripe-Signature            t=<time>,v1=<hex>,…         time.body       literal
//
// # Secrets
//
// A key that is literal is the secret's whole text; [LiteralSecret] takes any.
// One that is decoded is what stands in base64 after "whsec_", 24 to 64 bytes,
// which [ParseSecret] insists on; a literal secret of another form is its text
// there too.
//
// An ed25519 key pair ([NewKeyPair]) is for Standard Webhooks only. The sender
// signs with the "whsk_" half, receivers know the "whpk_" one
// ([WithPublicKeys]). A signer may hold both kinds while it changes over.
//
// # What a signature does not cover
//
// A scheme that signs a time refuses deliveries beyond the tolerance. The
// others cannot: who has seen a delivery can repeat it for ever, with other
// headers, and there is one signature only while a secret rotates. Drop
// repeats by an id of the body.
//
// Posthaste sends the headers of Standard Webhooks beside those of every other
// dialect, signed by the same secrets. So a receiver of any dialect can verify
// with [Standard] and LiteralSecret, and gains the time and the rotation; the
// example "alongside" shows how to read the body then.
//
// The package needs nothing but the standard library.
package webhook

// The headers of Standard Webhooks (spec section "Webhook headers"). HTTP
// compares names without case; these are the spec's spelling.
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
