package scenario

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/settings"
)

// bus connects to the stack's NATS as a service does.
func (s *site) bus(ctx context.Context) (*bus.Bus, error) {
	cfg := settings.Defaults[bus.Config]()
	cfg.NATSURL = settings.SecretURL(s.NATSURL())
	return bus.Connect(ctx, cfg, "bench", slog.New(slog.DiscardHandler))
}

// queue is a consumer whose messages are waited for.
type queue struct{ stream, consumer string }

var (
	routing    = queue{bus.StreamEvents, bus.ConsumerRouter}
	fresh      = queue{bus.StreamDeliveries, string(bus.LaneFresh)}
	projecting = queue{bus.StreamAttempts, bus.ConsumerHistory}
)

// emptied waits until the queues have nothing left, nor anything in hand.
func (s *site) emptied(ctx context.Context, patience time.Duration, queues ...queue) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("still waiting for %v to be empty", queues))
	defer cancel()
	b, err := s.bus(ctx)
	if err != nil {
		return err
	}
	defer b.Close()
	for {
		left, err := unsettled(ctx, b, queues)
		if err != nil || left == 0 {
			return err
		}
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return fmt.Errorf("%d left: %w", left, err)
		}
	}
}

// unsettled is what the queues have before them or in hand.
func unsettled(ctx context.Context, b *bus.Bus, queues []queue) (left uint64, err error) {
	for _, of := range queues {
		consumer, err := b.JS.Consumer(ctx, of.stream, of.consumer)
		if err != nil {
			return 0, err
		}
		info := consumer.CachedInfo()
		left += info.NumPending + uint64(info.NumAckPending)
	}
	return left, nil
}
