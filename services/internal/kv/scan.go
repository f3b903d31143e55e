package kv

import (
	"context"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// Scan tells of every record that the bucket holds now, in no order, and
// returns when it has told of all. It costs a consumer.
func Scan(ctx context.Context, bucket jetstream.KeyValue, tell func(jetstream.KeyValueEntry)) error {
	watcher, err := bucket.WatchAll(ctx, jetstream.IgnoreDeletes())
	if err != nil {
		return fmt.Errorf("read bucket %s: %w", bucket.Bucket(), err)
	}
	defer func() { _ = watcher.Stop() }() // it has served, or fails with its context
	for {
		select {
		case <-ctx.Done():
			return fmt.Errorf("read bucket %s: %w", bucket.Bucket(), ctx.Err())
		case entry, open := <-watcher.Updates():
			if !open {
				return fmt.Errorf("read bucket %s: the connection was closed", bucket.Bucket())
			}
			if entry == nil { // everything that was there has come
				return nil
			}
			tell(entry)
		}
	}
}

// Scan tells of every record that the bucket holds now. err is that of a record
// which cannot be read.
func (b *Bucket[M]) Scan(ctx context.Context, tell func(key string, m M, err error)) error {
	return Scan(ctx, b.kv, func(entry jetstream.KeyValueEntry) {
		m, err := Decode[M](entry.Value())
		tell(entry.Key(), m, err)
	})
}
