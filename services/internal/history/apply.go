package history

import (
	"context"
	"fmt"
	"slices"
	"time"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
)

// Apply takes records into the history, all or none. Those that it has change
// nothing, and it makes no difference in which order they come. An ErrRecord
// means that one of them can never be taken; other errors may pass.
func (s *Store) Apply(ctx context.Context, records []*posthastev1.Attempt) error {
	for _, a := range records {
		if err := Check(a); err != nil {
			return err
		}
	}
	if len(records) == 0 {
		return nil
	}
	err := s.work(ctx, func(w *work) error { return make(folds, len(records)).apply(ctx, w, records) })
	if err != nil {
		return fmt.Errorf("apply %d records: %w", len(records), err)
	}
	return nil
}

// Batch is how many records Apply should be given at once, at the most:
// Config.Batch.
func (s *Store) Batch() int { return s.cfg.Batch }

// MaxLag is how far what feeds it may fall behind: Config.MaxLag.
func (s *Store) MaxLag() time.Duration { return s.cfg.MaxLag }

// folds are the deliveries that records came for, by id.
type folds map[string]*folding

// folding is a delivery that records came for.
type folding struct {
	before *standing // nil where it is new
	after  standing
	// records are all that there are of it; changed those to write.
	records, changed map[key]*record
}

func (all folds) apply(ctx context.Context, w *work, records []*posthastev1.Attempt) error {
	ids := make([]string, 0, len(records))
	for _, a := range records {
		if _, ok := all[a.GetDeliveryId()]; !ok {
			all[a.GetDeliveryId()] = &folding{records: make(map[key]*record, 1), changed: make(map[key]*record, 1)}
			ids = append(ids, a.GetDeliveryId())
		}
	}
	slices.Sort(ids) // neighbours in the index
	if err := all.load(ctx, w, ids); err != nil {
		return err
	}
	for _, a := range records {
		all[a.GetDeliveryId()].add(a)
	}
	return all.save(ctx, w, ids)
}

// load reads what there is of the deliveries.
func (all folds) load(ctx context.Context, w *work, ids []string) error {
	known, err := w.deliveries(ctx, ids)
	if err != nil {
		return err
	}
	old := make([]string, 0, len(known))
	for _, d := range known {
		f := all[d.ID]
		f.before, f.after = d, *d
		old = append(old, d.ID)
	}
	attempts, err := w.attempts(ctx, old)
	if err != nil {
		return err
	}
	for _, r := range attempts {
		all[r.deliveryID].records[r.key()] = r
	}
	return nil
}

func (f *folding) add(a *posthastev1.Attempt) {
	r := read(a)
	f.after.identify(a, r.madeAt)
	if known, ok := f.records[r.key()]; ok && !better(r, known) {
		return
	}
	f.records[r.key()], f.changed[r.key()] = r, r
}

// save writes what has changed.
func (all folds) save(ctx context.Context, w *work, ids []string) error {
	attempts := make([]*record, 0, len(ids))
	deliveries := make([]*standing, 0, len(ids))
	for _, id := range ids {
		f := all[id]
		f.after.fold(f.records)
		for _, r := range f.changed {
			attempts = append(attempts, r)
		}
		if f.before != nil && *f.before == f.after {
			continue
		}
		deliveries = append(deliveries, &f.after)
		w.counts.add(&f.after, 1)
		if f.before != nil {
			w.counts.add(f.before, -1)
		}
	}
	if err := w.saveAttempts(ctx, attempts); err != nil {
		return err
	}
	return w.saveDeliveries(ctx, deliveries)
}
