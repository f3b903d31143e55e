package books

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/posthaste/posthaste/services/internal/bus"
)

// openingKey is where the opening is in the bucket; no account is called so.
const openingKey = "opening"

// Opening is what the books began with.
type Opening struct {
	At time.Time `json:"at"`
	// Accounts are what the accounts held, Waiting the deliveries in the streams,
	// Routed and Records what the streams' sequences said.
	Accounts Totals `json:"accounts"`
	Waiting  int64  `json:"waiting"`
	Routed   int64  `json:"routed"`
	Records  int64  `json:"records"`
	// Folded is the sum of accounts that were closed, so that they need not be
	// kept each; FoldedKeys are those of them that may still be in the bucket.
	Folded     Totals   `json:"folded"`
	FoldedKeys []string `json:"foldedKeys,omitempty"`
	// Why says why they were opened anew; Missing is how far they were out then.
	Why     string `json:"why,omitempty"`
	Missing int64  `json:"missing,omitempty"`
}

// ledger is the bucket as read at one moment.
type ledger struct {
	opening  *Opening // nil where there is none yet
	revision uint64
	entries  map[string]entry // without those that are folded
	sum      Totals           // of all, the folded ones among them
}

func readLedger(ctx context.Context, b *bus.Bus) (*ledger, error) {
	bucket, err := b.JS.KeyValue(ctx, bus.BucketBooks)
	if err != nil {
		return nil, fmt.Errorf("open bucket %s: %w", bus.BucketBooks, err)
	}
	all, err := bucket.WatchAll(ctx, jetstream.IgnoreDeletes())
	if err != nil {
		return nil, fmt.Errorf("read bucket %s: %w", bus.BucketBooks, err)
	}
	defer func() { _ = all.Stop() }() // it has told all
	l := &ledger{entries: make(map[string]entry)}
	for {
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("read bucket %s: %w", bus.BucketBooks, ctx.Err())
		case kv, open := <-all.Updates():
			if !open {
				return nil, fmt.Errorf("read bucket %s: the connection was lost", bus.BucketBooks)
			}
			if kv == nil {
				l.add()
				return l, nil
			}
			if err := l.take(kv); err != nil {
				return nil, err
			}
		}
	}
}

func (l *ledger) take(kv jetstream.KeyValueEntry) error {
	if kv.Key() == openingKey {
		l.opening, l.revision = new(Opening), kv.Revision()
		if err := json.Unmarshal(kv.Value(), l.opening); err != nil {
			return fmt.Errorf("read the opening of the books: %w", err)
		}
		return nil
	}
	var e entry
	if err := json.Unmarshal(kv.Value(), &e); err != nil {
		return fmt.Errorf("read account %s: %w", kv.Key(), err)
	}
	l.entries[kv.Key()] = e
	return nil
}

// add sums up.
func (l *ledger) add() {
	if l.opening != nil {
		l.sum = l.opening.Folded
		for _, key := range l.opening.FoldedKeys {
			delete(l.entries, key)
		}
	}
	for _, e := range l.entries {
		l.sum = l.sum.plus(e.Totals, 1)
	}
}

// open writes the opening, where nobody has meanwhile.
func (l *ledger) open(ctx context.Context, b *bus.Bus, o *Opening) error {
	bucket, err := b.JS.KeyValue(ctx, bus.BucketBooks)
	if err != nil {
		return fmt.Errorf("open bucket %s: %w", bus.BucketBooks, err)
	}
	data, err := json.Marshal(o)
	if err != nil {
		return fmt.Errorf("encode the opening of the books: %w", err)
	}
	if l.opening == nil {
		_, err = bucket.Create(ctx, openingKey, data)
	} else {
		_, err = bucket.Update(ctx, openingKey, data, l.revision)
	}
	if errors.Is(err, jetstream.ErrKeyExists) {
		return nil // another control was faster, and saw the same
	}
	if err != nil {
		return fmt.Errorf("write the opening of the books: %w", err)
	}
	return nil
}

// foldAfter is how long an account is kept after it was closed.
const foldAfter = 10 * time.Minute

// foldSome adds closed accounts to the opening's sum and drops them. What dies in
// between leaves a key that is known to be folded.
func (l *ledger) foldSome(ctx context.Context, b *bus.Bus, now time.Time) error {
	if l.opening == nil {
		return nil
	}
	next := *l.opening
	gone := next.FoldedKeys
	next.FoldedKeys = nil
	for key, e := range l.entries {
		if e.Closed && now.Sub(e.UpdatedAt) > foldAfter {
			next.Folded = next.Folded.plus(e.Totals, 1)
			next.FoldedKeys = append(next.FoldedKeys, key)
		}
	}
	slices.Sort(next.FoldedKeys)
	if len(gone) == 0 && len(next.FoldedKeys) == 0 {
		return nil
	}
	bucket, err := b.JS.KeyValue(ctx, bus.BucketBooks)
	if err != nil {
		return fmt.Errorf("open bucket %s: %w", bus.BucketBooks, err)
	}
	for _, key := range gone { // first: what is still there must be known to be folded
		if err := bucket.Purge(ctx, key); err != nil {
			return fmt.Errorf("drop account %s: %w", key, err)
		}
	}
	return l.open(ctx, b, &next)
}
