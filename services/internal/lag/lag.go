package lag

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.opentelemetry.io/otel/metric"

	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/delay"
)

const (
	// every is as often as KEDA and Prometheus ask too.
	every = 10 * time.Second
	// patience bounds one look, of all its requests together.
	patience = 5 * time.Second
)

// watched are the durable consumers but for those of the delay line. Express and
// notifier are not in every installation.
var watched = []struct{ stream, consumer string }{
	{bus.StreamEvents, bus.ConsumerRouter},
	{bus.StreamEvents, bus.ConsumerExpress},
	{bus.StreamEvents, bus.ConsumerNotifier},
	{bus.StreamDeliveries, string(bus.LaneFresh)},
	{bus.StreamDeliveries, string(bus.LaneBulk)},
	{bus.StreamDeliveries, string(bus.LaneDue)},
	{bus.StreamAttempts, bus.ConsumerHistory},
}

var lanes = []bus.Lane{bus.LaneFresh, bus.LaneBulk, bus.LaneDue}

// Watch keeps the metrics.
type Watch struct {
	bus *bus.Bus
	log *slog.Logger
	now func() time.Time
	// latest is what the last look saw, nil where it failed. Run writes, the
	// meter's callback reads.
	latest atomic.Pointer[reading]
}

// New makes the instruments; Run feeds them. now is the clock.
func New(b *bus.Bus, meter metric.Meter, log *slog.Logger, now func() time.Time) (*Watch, error) {
	w := &Watch{bus: b, log: log, now: now}
	if err := w.register(meter); err != nil {
		return nil, fmt.Errorf("make metrics of lag: %w", err)
	}
	return w, nil
}

// Run looks at once and then every ten seconds, until ctx ends.
func (w *Watch) Run(ctx context.Context) error {
	defer w.latest.Store(nil)
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		w.refresh(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// refresh looks, and says so where it sees nothing; the connection's own log says
// why NATS is away.
func (w *Watch) refresh(ctx context.Context) {
	seen, err := w.look(ctx)
	w.latest.Store(seen)
	if err != nil && ctx.Err() == nil {
		w.log.Debug("lag not known", "error", err)
	}
}

// reading is what one look saw.
type reading struct {
	consumers []consumerLag
	oldest    map[bus.Lane]time.Duration // age of the oldest delivery; 0 where there is none
	tiers     map[string]int64           // deliveries that wait, by the tier's name
}

type consumerLag struct {
	stream, consumer    string
	pending, ackPending int64 // not handed out yet, and not acked yet
}

func (w *Watch) look(ctx context.Context) (*reading, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	seen := &reading{oldest: make(map[bus.Lane]time.Duration), tiers: make(map[string]int64)}
	for _, c := range watched {
		found, err := w.ask(ctx, c.stream, c.consumer)
		if err != nil {
			return nil, err
		}
		if found != nil {
			seen.consumers = append(seen.consumers, *found)
		}
	}
	for _, tier := range delay.Tiers {
		found, err := w.ask(ctx, bus.StreamDelays, tier.Name)
		if err != nil {
			return nil, err
		}
		if found != nil {
			seen.tiers[tier.Name] = found.pending + found.ackPending
		}
	}
	for _, lane := range lanes {
		age, err := w.oldest(ctx, lane)
		if err != nil {
			return nil, err
		}
		seen.oldest[lane] = age
	}
	return seen, nil
}

// ask returns nil for a consumer that is not there.
func (w *Watch) ask(ctx context.Context, stream, consumer string) (*consumerLag, error) {
	c, err := w.bus.JS.Consumer(ctx, stream, consumer)
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		return nil, nil //nolint:nilnil // not there is an answer
	}
	if err != nil {
		return nil, fmt.Errorf("look at consumer %s of %s: %w", consumer, stream, err)
	}
	info := c.CachedInfo() // of this moment
	return &consumerLag{stream, consumer, int64(info.NumPending), int64(info.NumAckPending)}, nil
}

// oldest is how long the lane's first message has been in it, in somebody's hands
// or not.
func (w *Watch) oldest(ctx context.Context, lane bus.Lane) (time.Duration, error) {
	stream, err := w.bus.JS.Stream(ctx, bus.StreamDeliveries)
	if err != nil {
		return 0, fmt.Errorf("look at stream %s: %w", bus.StreamDeliveries, err)
	}
	first, err := stream.GetMsg(ctx, 1, jetstream.WithGetMsgSubject(bus.DeliverySubject(lane, "*", "*")))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("look at the oldest of lane %s: %w", lane, err)
	}
	return max(0, w.now().Sub(first.Time)), nil // the server's clock may be ahead
}
