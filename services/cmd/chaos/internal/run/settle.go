package run

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/posthaste/posthaste/pkg/client"
	"github.com/posthaste/posthaste/services/cmd/chaos/internal/ledger"
)

// looks is how many in a row must find nothing to do: a delivery may change from
// one stream to another between two.
const looks = 4

// settle returns when nothing is left to route, to deliver, or to note.
func settle(ctx context.Context, js jetstream.JetStream, bound time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, bound)
	defer cancel()
	last := "nobody knows what" // was seen to be left
	for idle := 0; idle < looks; {
		left, err := busy(ctx, js)
		if idle++; left != "" || err != nil {
			idle = 0
		}
		if left != "" {
			last = left
		}
		if !wait(ctx, 100*time.Millisecond) {
			return fmt.Errorf("after %s there is still something to do: %s: %w", bound, last, errors.Join(err, ctx.Err()))
		}
	}
	return nil
}

// busy tells what is left, "" for nothing.
func busy(ctx context.Context, js jetstream.JetStream) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	for _, name := range []string{"DELIVERIES", "DELAYS"} {
		s, err := js.Stream(ctx, name)
		if err != nil {
			return "", fmt.Errorf("look at %s: %w", name, err)
		}
		if n := s.CachedInfo().State.Msgs; n > 0 {
			return fmt.Sprintf("%d in %s", n, name), nil
		}
	}
	for _, of := range [][2]string{{"EVENTS", "router"}, {"ATTEMPTS", "history"}} {
		c, err := js.Consumer(ctx, of[0], of[1])
		if err != nil {
			return "", fmt.Errorf("look at consumer %s: %w", of[1], err)
		}
		if info := c.CachedInfo(); info.NumPending > 0 || info.NumAckPending > 0 {
			return fmt.Sprintf("%d for %s, %d in its hands", info.NumPending, of[1], info.NumAckPending), nil
		}
	}
	return "", nil
}

// history reads what the API says of all deliveries.
func (w *world) history(ctx context.Context) (map[ledger.Key]ledger.Outcome, error) {
	all := make(map[ledger.Key]ledger.Outcome)
	for _, tenant := range tenants {
		api := w.api.ForTenant(tenant).Deliveries
		for d, err := range api.All(ctx, client.ListDeliveries{PageSize: 1000}) {
			if err != nil {
				return nil, fmt.Errorf("read the history: %w", err)
			}
			o := ledger.Outcome{Status: d.Status, Reason: d.Reason}
			if d.Status == client.DeliveryFailed {
				one, err := api.Get(ctx, d.ID)
				if err != nil {
					return nil, fmt.Errorf("read the history: %w", err)
				}
				for _, a := range one.AttemptLog {
					if a.Posted {
						o.Posted = append(o.Posted, a.Number)
					}
				}
			}
			all[ledger.Key{Event: d.EventID, Subscription: w.names[d.SubscriptionID]}] = o
		}
	}
	return all, nil
}
