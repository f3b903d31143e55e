// Package idempotency lets a client send a request again without its being done
// again: a request with an Idempotency-Key that succeeded is answered, when it
// comes again, with the answer of the first time.
//
// The answers are kept in the KV bucket "idempotency", for as long as that keeps
// its values (24 h by default). They are sealed, for an answer that shows a secret
// once is there with its secret for that time.
//
// An answer is kept only where the request succeeded. One that was refused or
// failed leaves nothing, so it may be tried again under the same key. A process
// that dies in between leaves its key taken for StaleAfter.
package idempotency
