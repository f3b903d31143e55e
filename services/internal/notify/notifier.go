package notify

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/nats-io/nats.go/jetstream"
	"go.opentelemetry.io/otel/metric"

	"github.com/posthaste/posthaste/pkg/eventid"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/event"
	"github.com/posthaste/posthaste/services/internal/subscription"
)

// Notifier tells the operator. Any number share the work.
type Notifier struct {
	cfg           Config
	bus           *bus.Bus
	log           *slog.Logger
	metrics       *metrics
	receivers     []*receiver
	memory        *memory
	pause         func(tried uint64) time.Duration
	grace         time.Duration
	subscriptions *subscription.Store // opened by Run
}

// New makes a notifier; Run starts it. The error is that of cfg.Validate.
func New(cfg Config, b *bus.Bus, log *slog.Logger, meter metric.Meter) (*Notifier, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	receivers, err := cfg.receivers()
	if err != nil {
		return nil, err
	}
	m, err := newMetrics(meter)
	if err != nil {
		return nil, err
	}
	return &Notifier{
		cfg: cfg, bus: b, log: log, metrics: m, receivers: receivers,
		pause: pause, grace: stopWithin, memory: &memory{known: map[key]*record{}},
	}, nil
}

// Enabled says whether there is anyone to tell.
func (n *Notifier) Enabled() bool { return len(n.receivers) > 0 }

const (
	// maxAckPending is how many messages all notifiers hold together, those
	// included that wait to be tried again.
	maxAckPending = 1024
	// spare is what a message may take beyond the try itself.
	spare = 20 * time.Second
	// stopWithin is how long sends that are under way may go on after Run was
	// told to stop.
	stopWithin = 5 * time.Second

	prefetch      = 64
	prefetchBytes = 4 << 20
)

// Run tells until ctx ends, and then gives back what is not told. The first
// Run of an installation begins with events from then on. When there is nobody
// to tell it only waits.
//
// A send that hangs is not waited for: shoutrrr cannot end it, and its
// goroutine may outlive Run until the receiver's connection ends.
func (n *Notifier) Run(ctx context.Context) error {
	if !n.Enabled() {
		<-ctx.Done()
		return nil
	}
	if err := n.provision(ctx); err != nil {
		if ctx.Err() != nil {
			return nil // the end of ctx is how this ends
		}
		return fmt.Errorf("notify operators: %w", err)
	}
	sending, insist := context.WithCancel(context.WithoutCancel(ctx))
	defer insist()
	var inHand sync.WaitGroup // as many as the consumer hands out
	opts := bus.ConsumeOptions{Prefetch: prefetch, PrefetchBytes: int(max(prefetchBytes, 2*n.bus.MaxPayload()))}
	err := n.bus.Consume(ctx, bus.StreamEvents, bus.ConsumerNotifier, opts, func(msg jetstream.Msg) {
		if ctx.Err() != nil {
			n.nak(msg, 0)
			return
		}
		inHand.Go(func() { n.handle(sending, msg) })
	})
	timer := time.AfterFunc(n.grace, insist)
	defer timer.Stop()
	inHand.Wait()
	return err
}

// provision makes the consumer and goes on trying while JetStream is away. The
// error is one that waiting does not change.
func (n *Notifier) provision(ctx context.Context) error {
	return backoff.RetryNotify(func() error {
		err := n.ensure(ctx)
		if bus.Refused(err) {
			return backoff.Permanent(err)
		}
		return err
	}, backoff.WithContext(bus.BackOff(bus.FirstWait), ctx), func(err error, next time.Duration) {
		n.log.Warn("notifier is not ready", "error", err, "retry_in", next.Round(time.Millisecond))
	})
}

func (n *Notifier) ensure(ctx context.Context) (err error) {
	if n.subscriptions, err = subscription.NewStore(ctx, n.bus, nil); err != nil {
		return err
	}
	return n.bus.EnsureConsumer(ctx, bus.Consumer{
		Stream: bus.StreamEvents, Name: bus.ConsumerNotifier, Filter: eventid.Subject("*", event.TypeDisabled),
		MaxAckPending: maxAckPending, AckWait: n.cfg.Timeout + spare, New: true,
	})
}
