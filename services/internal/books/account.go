package books

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/oklog/ulid/v2"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/bus"
)

// Totals are what was done.
type Totals struct {
	Events    int64 `json:"events"` // routed
	Rejected  int64 `json:"rejected"`
	Made      int64 `json:"made"` // deliveries, by the router, redeliveries, replays and tests
	Delivered int64 `json:"delivered"`
	Failed    int64 `json:"failed"`
	Cancelled int64 `json:"cancelled"`
	Records   int64 `json:"records"` // of attempts and endings
}

func (t Totals) plus(o Totals, sign int64) Totals {
	return Totals{
		Events: t.Events + sign*o.Events, Rejected: t.Rejected + sign*o.Rejected, Made: t.Made + sign*o.Made,
		Delivered: t.Delivered + sign*o.Delivered, Failed: t.Failed + sign*o.Failed, Cancelled: t.Cancelled + sign*o.Cancelled,
		Records: t.Records + sign*o.Records,
	}
}

func (t Totals) ended() int64 { return t.Delivered + t.Failed + t.Cancelled }

// entry is an account as written.
type entry struct {
	Service   string    `json:"service"`
	StartedAt time.Time `json:"startedAt"`
	UpdatedAt time.Time `json:"updatedAt"`
	// Closed says that the process has ended in order and adds nothing more.
	Closed bool `json:"closed"`
	Totals
}

// Account is what one process has done. A nil one counts nothing. Safe for
// concurrent use.
type Account struct {
	bucket jetstream.KeyValue
	log    *slog.Logger
	key    string
	first  entry

	events, rejected, made, delivered, failed, cancelled, records atomic.Int64
}

// Open makes an account for a process of the service; Run writes it.
func Open(ctx context.Context, b *bus.Bus, service string, log *slog.Logger) (*Account, error) {
	bucket, err := b.JS.KeyValue(ctx, bus.BucketBooks)
	if err != nil {
		return nil, fmt.Errorf("open bucket %s: %w", bus.BucketBooks, err)
	}
	now := time.Now()
	return &Account{bucket: bucket, log: log, key: service + "-" + ulid.Make().String(), first: entry{Service: service, StartedAt: now}}, nil
}

// Routed counts an event of which no delivery will be made any more.
func (a *Account) Routed() {
	if a != nil {
		a.events.Add(1)
	}
}

// Rejected counts an event that was set aside.
func (a *Account) Rejected() {
	if a != nil {
		a.rejected.Add(1)
	}
}

// Made counts n deliveries that belong together, whose messages came to acks.
// Where the stream had all of them, another has made and counted them.
func (a *Account) Made(n int, acks []bus.Ack) {
	if a != nil && bus.Taken(acks) > 0 {
		a.made.Add(int64(n))
	}
}

// Recorded counts a record of the outcome, as the stream has acked it.
func (a *Account) Recorded(outcome posthastev1.Outcome, ack bus.Ack) {
	if a == nil || ack.Duplicate {
		return
	}
	a.records.Add(1)
	switch outcome {
	case posthastev1.Outcome_OUTCOME_DELIVERED:
		a.delivered.Add(1)
	case posthastev1.Outcome_OUTCOME_FAILED:
		a.failed.Add(1)
	case posthastev1.Outcome_OUTCOME_CANCELLED:
		a.cancelled.Add(1)
	case posthastev1.Outcome_OUTCOME_UNSPECIFIED: // it goes on
	}
}

func (a *Account) totals() Totals {
	return Totals{
		Events: a.events.Load(), Rejected: a.rejected.Load(), Made: a.made.Load(),
		Delivered: a.delivered.Load(), Failed: a.failed.Load(), Cancelled: a.cancelled.Load(), Records: a.records.Load(),
	}
}

// writeEvery is about how often a changed account is written. The moment varies,
// so that two processes are not always seen in the same order.
const writeEvery = time.Second

// writeTimeout bounds one write. A later one tells the same and more.
const writeTimeout = 5 * time.Second

// Run writes the account until ctx ends, which must not be before the last is
// counted, and then closes it.
func (a *Account) Run(ctx context.Context) error {
	var written Totals
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			if a.totals() != (Totals{}) {
				_ = a.write(context.WithoutCancel(ctx), a.totals(), true)
			}
			return nil
		case <-timer.C:
		}
		if now := a.totals(); now != written && a.write(ctx, now, false) == nil {
			written = now
		}
		timer.Reset(writeEvery/2 + rand.N(writeEvery))
	}
}

func (a *Account) write(ctx context.Context, t Totals, closed bool) error {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	e := a.first
	e.UpdatedAt, e.Closed, e.Totals = time.Now(), closed, t
	data, err := json.Marshal(e)
	if err == nil {
		_, err = a.bucket.Put(ctx, a.key, data)
	}
	if err != nil && ctx.Err() == nil {
		a.log.Debug("account not written", "error", err)
	}
	return err
}
