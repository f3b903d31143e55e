package replay

import (
	"strings"
	"testing"

	"github.com/posthaste/posthaste/services/internal/settings"
	"github.com/posthaste/posthaste/services/internal/testbed"
)

// BenchmarkReplay replays 100,000 events of 1 KiB at full speed, with a lane
// that nobody empties.
func BenchmarkReplay(b *testing.B) {
	h := newHouse(b)
	const events = 100_000
	filler := strings.Repeat("x", 900)
	h.publish(b, events, func(int) (string, string) { return "task.done", filler })
	cfg := settings.Defaults[Config]()
	cfg.MaxPending = 1 << 30
	r := h.runner(b, cfg)
	testbed.Running(b, r.Run)
	n := 0
	for b.Loop() {
		if rec := h.ends(b, h.begin(b, r)); rec.GetMatched() != events {
			b.Fatal(rec)
		}
		n += events
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
}
