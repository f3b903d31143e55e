package history

import (
	"context"
	"slices"
	"strings"
)

// group is what deliveries are counted by. subscriptionID is "" for those of
// the whole tenant.
type group struct {
	tenant, subscriptionID, eventType string
	test                              bool
	status                            string
}

// change is by how much a group grows.
type change struct{ deliveries, bytes int64 }

// tally gathers the changes of one transaction.
type tally map[group]change

// add counts the delivery in, or with -1 out.
func (t tally) add(s *standing, sign int64) {
	for _, subscription := range []string{"", s.SubscriptionID} {
		g := group{s.Tenant, subscription, s.EventType, s.Test, s.Status}
		c := t[g]
		t[g] = change{c.deliveries + sign, c.bytes + sign*s.size}
	}
}

// counted is a row of delivery_counts.
type counted struct {
	group
	change
}

func (c counted) values() []any {
	return []any{c.tenant, c.subscriptionID, c.eventType, bit(c.test), c.status, c.deliveries, c.bytes}
}

const (
	countColumns = "tenant, subscription_id, event_type, test, status, deliveries, bytes"
	addCount     = " ON CONFLICT (tenant, subscription_id, event_type, test, status) DO UPDATE SET" +
		" deliveries = delivery_counts.deliveries + excluded.deliveries, bytes = delivery_counts.bytes + excluded.bytes"
)

func (w *work) saveCounts(ctx context.Context) error {
	rows := make([]counted, 0, len(w.counts))
	for g, c := range w.counts {
		if c != (change{}) {
			rows = append(rows, counted{g, c})
		}
	}
	slices.SortFunc(rows, func(a, b counted) int { // neighbours in the index
		return strings.Compare(a.tenant+"\x00"+a.subscriptionID, b.tenant+"\x00"+b.subscriptionID)
	})
	return insert(ctx, w, "delivery_counts ("+countColumns+")", addCount, rows)
}
