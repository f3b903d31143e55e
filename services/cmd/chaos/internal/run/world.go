package run

import (
	"context"
	"fmt"
	"time"

	"github.com/posthaste/posthaste/pkg/client"
	"github.com/posthaste/posthaste/services/cmd/chaos/internal/ledger"
	"github.com/posthaste/posthaste/services/cmd/chaos/internal/link"
	"github.com/posthaste/posthaste/services/cmd/chaos/internal/receiver"
	"github.com/posthaste/posthaste/services/cmd/chaos/internal/stack"
)

var (
	tenants = []string{"t1", "t2", "t3"}
	types   = []string{"order.created", "order.paid", "task.done"}
)

// pickyDelays are the waits of the subscriptions that never take poison: what
// fails is to fail soon.
var pickyDelays = []time.Duration{200 * time.Millisecond, 500 * time.Millisecond}

// kinds are the receivers, each with a subscription of every tenant. On average
// an event has 11/3 deliveries.
var kinds = []struct {
	name   string
	manner receiver.Manner
	types  []string
	delays []time.Duration
}{
	{name: "steady", manner: receiver.Steady, types: []string{"*"}},
	{name: "strict", manner: receiver.Steady, types: []string{"*"}},
	{name: "slow", manner: receiver.Slow, types: []string{"order.*"}},
	{name: "flappy", manner: receiver.Flappy, types: []string{"order.paid", "task.done"}},
	{name: "picky", manner: receiver.Picky, types: []string{"task.*"}, delays: pickyDelays},
}

// world is a stack with receivers and subscriptions.
type world struct {
	*stack.Stack
	api           *client.Client
	receivers     []*receiver.Receiver
	toReceiver    []*link.Link
	subscriptions []ledger.Subscription
	names         map[string]string // of subscriptions, by their ids
}

// retryDelays are the waits of all other subscriptions: 12 attempts in 36 s, so
// that no receiver is away for long enough to fail a delivery.
var retryDelays = []time.Duration{
	200 * time.Millisecond, 500 * time.Millisecond, time.Second, 2 * time.Second, 3 * time.Second, 4 * time.Second,
	5 * time.Second, 5 * time.Second, 5 * time.Second, 5 * time.Second, 5 * time.Second,
}

func delaysSetting() string {
	text := "POSTHASTE_RETRY_DELAYS="
	for i, d := range retryDelays {
		if i > 0 {
			text += ","
		}
		text += d.String()
	}
	return text
}

// build starts everything.
func build(ctx context.Context, cfg stack.Config) (*world, error) {
	cfg.Env = append([]string{delaysSetting(), "POSTHASTE_DISABLE_AFTER=0"}, cfg.Env...)
	s, err := stack.Start(ctx, cfg)
	if err != nil {
		return nil, err
	}
	w := &world{Stack: s, names: make(map[string]string)}
	if err := w.furnish(ctx); err != nil {
		w.Close()
		return nil, err
	}
	return w, nil
}

func (w *world) furnish(ctx context.Context) (err error) {
	if w.api, err = client.New(w.API, stack.Key); err != nil {
		return err
	}
	for _, kind := range kinds {
		r, err := receiver.Open(ctx, kind.name, kind.manner)
		if err != nil {
			return err
		}
		w.receivers = append(w.receivers, r)
		way, err := w.Open(ctx, "dispatcher>"+kind.name, r.Addr())
		if err != nil {
			return err
		}
		w.toReceiver = append(w.toReceiver, way)
		for _, tenant := range tenants {
			s := ledger.Subscription{
				Name: tenant + "/" + kind.name, Tenant: tenant, Types: kind.types, Endpoint: kind.name,
				Delays: kind.delays,
			}
			if err := w.subscribe(ctx, s, r, way); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *world) subscribe(ctx context.Context, s ledger.Subscription, r *receiver.Receiver, way *link.Link) error {
	never := 0
	in := client.CreateEventSubscription{
		URL: "http://" + way.Addr() + receiver.Path(s.Name), EventTypes: s.Types, DisableAfter: &never, Dialect: "standard",
	}
	if s.Delays == nil {
		s.Delays = retryDelays
	} else {
		in.RetryPolicy = new(client.RetryDelays)
		for _, d := range s.Delays {
			in.RetryPolicy.Delays = append(in.RetryPolicy.Delays, client.Duration(d))
		}
	}
	made, err := w.api.ForTenant(s.Tenant).EventSubscriptions.Create(ctx, in)
	if err != nil {
		return fmt.Errorf("subscribe %s: %w", s.Name, err)
	}
	w.names[made.ID] = s.Name
	w.subscriptions = append(w.subscriptions, s)
	return r.Trust(s.Name, made.Secret.Reveal())
}

func (w *world) Close() {
	w.Stack.Close()
	for _, r := range w.receivers {
		r.Close()
	}
}

// arrivals are those of all receivers.
func (w *world) arrivals() (all []ledger.Arrival) {
	for _, r := range w.receivers {
		all = append(all, r.Log()...)
	}
	return all
}
