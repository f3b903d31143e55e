package scenario

import (
	"context"
	"errors"
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

// emptied waits until all events are routed and the lane fresh has none left.
func (s *site) emptied(ctx context.Context, patience time.Duration) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errors.New("events or deliveries are still waiting for their turn"))
	defer cancel()
	b, err := s.bus(ctx)
	if err != nil {
		return err
	}
	defer b.Close()
	for {
		left, err := unsettled(ctx, b)
		if err != nil || left == 0 {
			return err
		}
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return fmt.Errorf("%d left: %w", left, err)
		}
	}
}

// unsettled is what router and dispatcher have before them or in hand.
func unsettled(ctx context.Context, b *bus.Bus) (left uint64, err error) {
	for _, of := range [][2]string{{bus.StreamEvents, bus.ConsumerRouter}, {bus.StreamDeliveries, string(bus.LaneFresh)}} {
		consumer, err := b.JS.Consumer(ctx, of[0], of[1])
		if err != nil {
			return 0, err
		}
		info := consumer.CachedInfo()
		left += info.NumPending + uint64(info.NumAckPending)
	}
	return left, nil
}
