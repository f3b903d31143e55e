// Package ping sends a test event to one subscription, through the full path,
// and waits for what comes of it.
package ping

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/oklog/ulid/v2"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/posthaste/posthaste/pkg/eventid"
	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/books"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/delivery"
	"github.com/posthaste/posthaste/services/internal/dialect"
	"github.com/posthaste/posthaste/services/internal/subscription"
)

// Pinger sends pings.
type Pinger struct {
	bus       *bus.Bus
	publisher *bus.Publisher
	books     *books.Account
	now       func() time.Time
}

// New makes a pinger. account, which may be nil, counts the pings.
func New(b *bus.Bus, account *books.Account, now func() time.Time) *Pinger {
	return &Pinger{bus: b, publisher: b.NewPublisher(64, 1<<20), books: account, now: now}
}

// ErrNoAnswer says that nothing came of the ping in time: no dispatcher is
// there, or the endpoint has no place for one more POST.
var ErrNoAnswer = errors.New("the test was not attempted in time")

// Send publishes a ping to DELIVERIES and returns the record of its attempt. It
// waits as long as an attempt may take, and a while for it to begin. Disabled
// subscriptions get pings too. Errors: ErrNoAnswer, or that of NATS.
func (p *Pinger) Send(ctx context.Context, sub *subscription.Subscription, d *dialect.Dialect, timeout time.Duration) (*posthastev1.Attempt, error) {
	ping, err := p.make(ctx, sub, d)
	if err != nil {
		return nil, err
	}
	// Before the ping is published, so that its record cannot be missed.
	records, err := p.bus.NC.SubscribeSync(bus.AttemptSubject(sub.GetTenant(), sub.GetId()))
	if err != nil {
		return nil, fmt.Errorf("listen for the test's record: %w", err)
	}
	defer func() { _ = records.Unsubscribe() }() // a closed connection has none
	if err := p.publish(ctx, ping); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, timeout+begin)
	defer cancel()
	return await(ctx, records, ping.GetId())
}

// begin is how long a ping may wait for a dispatcher.
const begin = 5 * time.Second

func (p *Pinger) make(ctx context.Context, sub *subscription.Subscription, d *dialect.Dialect) (*posthastev1.Delivery, error) {
	last, err := p.last(ctx)
	if err != nil {
		return nil, err
	}
	now := p.now()
	at := timestamppb.New(now)
	return &posthastev1.Delivery{
		Id:             d.Ping.IDPrefix + ulid.MustNew(ulid.Timestamp(now), rand.Reader).String(),
		SubscriptionId: sub.GetId(), Attempt: 1, CreatedAt: at, Test: true, Sequence: last,
		Event: &posthastev1.Event{Id: eventid.New(), Tenant: sub.GetTenant(), Type: d.Ping.Type, Time: at, Data: d.Ping.Data},
	}, nil
}

// last is the last place in EVENTS, which a ping has none of.
func (p *Pinger) last(ctx context.Context) (uint64, error) {
	stream, err := p.bus.JS.Stream(ctx, bus.StreamEvents)
	if err != nil {
		return 0, fmt.Errorf("look up stream %s: %w", bus.StreamEvents, err)
	}
	return stream.CachedInfo().State.LastSeq, nil
}

func (p *Pinger) publish(ctx context.Context, ping *posthastev1.Delivery) error {
	msg, err := delivery.Message(bus.LaneFresh, ping, nil)
	if err != nil {
		return err
	}
	ack := make([]bus.Ack, 1)
	if err := p.publisher.PublishOnce(ctx, []bus.Msg{msg}, ack); err != nil {
		return err
	}
	p.books.Made(1, ack)
	return nil
}

// await skips the records of other deliveries.
func await(ctx context.Context, records *nats.Subscription, id string) (*posthastev1.Attempt, error) {
	for {
		msg, err := records.NextMsgWithContext(ctx)
		if errors.Is(err, context.DeadlineExceeded) {
			return nil, ErrNoAnswer
		}
		if errors.Is(err, nats.ErrSlowConsumer) {
			continue // some were dropped; ours may still come
		}
		if err != nil {
			return nil, fmt.Errorf("wait for the test's record: %w", err)
		}
		r := &posthastev1.Attempt{}
		if proto.Unmarshal(msg.Data, r) == nil && r.GetDeliveryId() == id {
			return r, nil
		}
	}
}
