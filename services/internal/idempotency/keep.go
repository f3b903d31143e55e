package idempotency

import (
	"context"
	"sync/atomic"
)

type keepKey struct{}

// keepable hands a handler the means to say that its answer is not to be kept.
func keepable(ctx context.Context) (context.Context, *atomic.Bool) {
	keep := new(atomic.Bool)
	keep.Store(true)
	return context.WithValue(ctx, keepKey{}, keep), keep
}

// DoNotKeep is for a handler whose answer shows what must lie nowhere. A
// repetition of its request is a 409 then, and does nothing twice. ctx is the
// request's; one without an Idempotency-Key needs nothing done.
func DoNotKeep(ctx context.Context) {
	if keep, ok := ctx.Value(keepKey{}).(*atomic.Bool); ok {
		keep.Store(false)
	}
}
