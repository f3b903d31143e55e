package scenario

import (
	"context"
	"fmt"
	"time"

	"github.com/posthaste/posthaste/services/cmd/bench/internal/report"
)

// deadRate is how much of its rate a stack keeps without its collector, at the
// least.
const deadRate = 0.95

// killed floods one stack in turns, while the collector is there and after it
// was killed: stacks differ by more than what is looked for.
func (w *world) killed(ctx context.Context, sampled []string) error {
	sink, err := newSink(ctx)
	if err != nil {
		return err
	}
	defer func() { sink.kill() }()
	w.say("telemetry, and the collector is killed")
	w.env = append([]string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + sink.URL()}, sampled...)
	s, err := w.warmed(ctx, 1, 1)
	if err != nil {
		return fmt.Errorf("telemetry, before the collector is killed: %w", err)
	}
	defer s.close()
	alive, dead := measured{name: "collector there"}, measured{name: "collector killed"}
	events := int(s.perSecond * w.lasting(4*time.Second).Seconds())
	// One more time there than killed: what changes slowly falls on both alike.
	for turn := range 2*killedTurns + 1 {
		part := &alive
		if turn%2 == 1 {
			part = &dead
			sink.kill()
		} else if turn > 0 {
			if err := sink.rise(ctx); err != nil {
				return err
			}
		}
		before := sink.requests.Load()
		found, err := s.flood(ctx, s.source, 1, 1, events, 0)
		if err != nil {
			return fmt.Errorf("telemetry, turn %d of the collector: %w", turn, err)
		}
		*part = part.and(measured{flooded: found})
		part.ages = append(part.ages, found.ages...)
		part.requests += sink.requests.Load() - before
	}
	table := w.sheet.Table("floods of one stack, 10 % of traces", "collector", "deliveries/s", "of there", "CPU/delivery", "of there", "p99", "requests to the collector")
	alive.row(table, alive)
	dead.row(table, alive)
	rate, _ := dead.costs(alive)
	w.sheet.Goal(report.Least("collector killed, deliveries a second in terms of there", rate, deadRate))
	return nil
}

// killedTurns is how often the collector is killed.
const killedTurns = 4
