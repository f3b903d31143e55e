// Package load is the producers: half of the events go to ingest, half straight
// to NATS. Each event is sent again, with its id, until it is accepted.
package load

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/posthaste/posthaste/pkg/client"
	"github.com/posthaste/posthaste/pkg/producer"
	"github.com/posthaste/posthaste/services/cmd/chaos/internal/ledger"
)

// Config says what is sent.
type Config struct {
	Rate    int // events a second
	Tenants []string
	Types   []string
	// Patience is how long an event is sent again before it is given up.
	Patience time.Duration
}

// Load sends until it is told to stop.
type Load struct {
	cfg      Config
	http     *client.Client
	producer *producer.Producer

	mu     sync.Mutex
	events []ledger.Event
	errs   map[string]int // what batches were given up for
}

// New makes a load. ingest is the URL of the service, conn a connection that
// stays the caller's.
func New(cfg Config, ingest, key string, conn *nats.Conn) (*Load, error) {
	h, err := client.New(ingest, key, client.WithRetry(cfg.Patience))
	if err != nil {
		return nil, err
	}
	p, err := producer.New(conn, producer.WithMaxElapsed(cfg.Patience), producer.WithAckWait(2*time.Second))
	if err != nil {
		return nil, err
	}
	return &Load{cfg: cfg, http: h, producer: p, errs: make(map[string]int)}, nil
}

// tick is the time between two batches.
const tick = 50 * time.Millisecond

// PoisonEvery says that every so many events are poison.
const PoisonEvery = 10

// Run sends until during ends, and returns when every event was accepted or
// given up, or ctx ends.
func (l *Load) Run(ctx context.Context, during <-chan struct{}) {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	var senders sync.WaitGroup
	defer senders.Wait()
	begin, next := time.Now(), 0
	for {
		select {
		case <-ctx.Done():
			return
		case <-during:
			return
		case <-ticker.C:
		}
		due := int(time.Since(begin).Seconds() * float64(l.cfg.Rate))
		first := next
		next = max(next, due)
		half := (first + next) / 2
		senders.Go(func() { l.send(ctx, first, half, l.byHTTP) })
		senders.Go(func() { l.send(ctx, half, next, l.byNATS) })
	}
}

// Event is the nth.
func (l *Load) event(n int) ledger.Event {
	return ledger.Event{
		ID: fmt.Sprintf("event-%06d", n), Poison: n%PoisonEvery == 0,
		Tenant: l.cfg.Tenants[n%len(l.cfg.Tenants)], Type: l.cfg.Types[n/len(l.cfg.Tenants)%len(l.cfg.Types)],
	}
}

type data struct {
	N      int  `json:"n"`
	Poison bool `json:"poison,omitempty"`
}

// send sends those from first to before end, and notes which were accepted.
func (l *Load) send(ctx context.Context, first, end int, way func(context.Context, int, []ledger.Event) error) {
	if first >= end {
		return
	}
	events := make([]ledger.Event, 0, end-first)
	for n := first; n < end; n++ {
		events = append(events, l.event(n))
	}
	err := way(ctx, first, events)
	now := time.Now()
	failed := failures(err, len(events))
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		l.errs[err.Error()]++
	}
	for i := range events {
		events[i].Accepted, events[i].At = !slices.Contains(failed, i), now
	}
	l.events = append(l.events, events...)
}

// failures are the places of what was not accepted.
func failures(err error, n int) (places []int) {
	var some *producer.BatchError
	switch {
	case err == nil:
	case errors.As(err, &some):
		for _, f := range some.Failed {
			places = append(places, f.Index)
		}
	default:
		for i := range n {
			places = append(places, i)
		}
	}
	return places
}

func (l *Load) byHTTP(ctx context.Context, first int, events []ledger.Event) error {
	batch := make([]client.NewEvent, len(events))
	for i, e := range events {
		batch[i] = client.NewEvent{ID: e.ID, Tenant: e.Tenant, Type: e.Type, Data: data{first + i, e.Poison}}
	}
	_, err := l.http.Events.SendBatch(ctx, batch)
	return err
}

func (l *Load) byNATS(ctx context.Context, first int, events []ledger.Event) error {
	batch := make([]producer.Event, len(events))
	for i, e := range events {
		var err error
		if batch[i], err = producer.NewEvent(e.Type, data{first + i, e.Poison}); err != nil {
			return err
		}
		batch[i].ID, batch[i].Tenant = e.ID, e.Tenant
	}
	_, err := l.producer.PublishAll(ctx, batch)
	return err
}

// Events are those that were accepted or given up so far.
func (l *Load) Events() []ledger.Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.events)
}

// Refusals are what events were given up for, and how many batches were.
func (l *Load) Refusals() map[string]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := make(map[string]int, len(l.errs))
	for text, n := range l.errs {
		all[text] = n
	}
	return all
}
