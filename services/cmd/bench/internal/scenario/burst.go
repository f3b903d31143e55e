package scenario

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/posthaste/posthaste/services/cmd/bench/internal/bare"
	"github.com/posthaste/posthaste/services/cmd/bench/internal/load"
	"github.com/posthaste/posthaste/services/cmd/bench/internal/receiver"
	"github.com/posthaste/posthaste/services/cmd/bench/internal/report"
)

const (
	// burstConnections and burstBatch are how the burst comes over HTTP.
	burstConnections, burstBatch = 16, 100
	// quietRate is how many events a second the other tenant publishes.
	quietRate = 20
	// quietMost is how long any of its deliveries may take, in seconds.
	quietMost = 2
)

// burst has one tenant publish much at once, while another publishes a little.
func burst(ctx context.Context, w *world) error {
	loop, err := bare.Measure(ctx, 2, w.Payload)
	if err != nil {
		return err
	}
	table := w.sheet.Table(fmt.Sprintf("tenant A publishes %d events at once, tenant B %d a second all the while", w.Burst, quietRate),
		"A publishes over", "A accepted", "A delivered", "of bare", "A lost", "B p50", "B p99", "B max", "B lost")
	for _, way := range []string{"HTTP", "NATS"} {
		if err := w.burst(ctx, way, table, loop); err != nil {
			return fmt.Errorf("over %s: %w", way, err)
		}
	}
	return nil
}

func (w *world) burst(ctx context.Context, way string, table *report.Table, loop bare.Result) error {
	w.say("%d events over %s", w.Burst, way)
	s, err := w.start(ctx, "over "+way, 2)
	if err != nil {
		return err
	}
	defer s.close()
	sources, err := s.neighbourhood(ctx)
	if err != nil {
		return err
	}
	a, b := sources[0], sources[1]
	warm := a.Made()
	s.endpoints[0].Reset(w.Burst)

	done := make(chan struct{})
	group, inGroup := errgroup.WithContext(ctx)
	group.Go(func() error { return s.producer.Pace(inGroup, done, 0, quietRate, b) })
	group.Go(s.profiled(inGroup, 5))
	begin := time.Now()
	var accepted time.Time
	group.Go(func() error {
		defer close(done)
		publish := func() error { return s.producer.Flood(inGroup, a, w.Burst, burstBatch, burstConnections) }
		if way == "NATS" {
			publish = func() error { return load.FloodNATS(inGroup, s.NATSURL(), a, w.Burst, 1000, 4) }
		}
		if err := publish(); err != nil {
			return err
		}
		accepted = time.Now()
		err := receiver.Await(inGroup, w.Burst, patience, s.endpoints[0].Good)
		if errors.Is(err, receiver.ErrMissing) && ctx.Err() == nil {
			return nil // they are counted as lost
		}
		return err
	})
	if err := group.Wait(); err != nil {
		return err
	}
	quiet, err := farings(ctx, s.endpoints[1:], sources[1:], warm)
	if err != nil {
		return err
	}
	arrived := s.endpoints[0].Arrivals()
	rate := report.Per(len(arrived), s.endpoints[0].Last().Sub(begin))
	lost := report.Num(w.Burst - len(arrived.First()))
	table.Row(way, report.Per(w.Burst, accepted.Sub(begin)), rate, rate.In(loop.Rate(), report.Percent), lost,
		quiet.p50(), quiet.p99(), quiet.max(), quiet.lost)
	w.sheet.Goal(report.Most("over "+way+", max of tenant B", quiet.max(), quietMost))
	w.sheet.Goal(report.Most("over "+way+", lost of both", report.Num(lost.Value+quiet.lost.Value), 0))
	return nil
}

// profiled writes the CPU profile that was asked for, of that many seconds.
func (s *site) profiled(ctx context.Context, seconds int) func() error {
	return func() error {
		if s.w.Profile == "" {
			return nil
		}
		return s.Profile(ctx, s.w.Profile, seconds)
	}
}
