// Package projection feeds the history from the stream ATTEMPTS: in batches,
// each committed before it is acked, so that what is lost in between comes
// again. It also prunes the history now and then, and rebuilds it.
package projection
