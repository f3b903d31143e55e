// Package client speaks Posthaste's HTTP API.
//
// A Client is made once and shared; it is safe for concurrent use. Its methods
// stand in groups, such as Client.Deliveries; those that AI City's clients know
// by name, such as Client.RegisterWebhook, stand on the Client itself.
//
// # Retries
//
// A call that failed without an answer, or was answered 429 or 503, is made
// again, for as long as WithRetry says and never before Retry-After. So is a 409
// with a Retry-After: the call whose answer was lost is still being done. All
// other answers are final. POSTs that create carry an Idempotency-Key that stays
// the same over these retries, so nothing is made twice.
//
// # Errors
//
// What the server refuses is an *Error and matches one of the sentinels, such
// as ErrNotFound. Neither errors nor the Client, printed or logged, hold the
// API key.
package client
