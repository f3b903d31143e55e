package scenario

import (
	"context"
	"fmt"
	"time"

	"github.com/posthaste/posthaste/services/cmd/bench/internal/report"
	"github.com/posthaste/posthaste/services/cmd/bench/internal/stack"
)

// world is one run of one scenario. One goroutine uses it.
type world struct {
	Options
	sheet *report.Sheet
	peaks []stack.Part // of all stacks, the highest each
	env   []string     // further settings of the stacks that are started
}

func newWorld(o Options) *world { return &world{Options: o, sheet: &report.Sheet{}} }

const (
	// settle is how long a stack is left alone between warming up and measuring.
	settle = 300 * time.Millisecond
	// patience is how long nothing may come before what is missing is lost.
	patience = 30 * time.Second
)

func (w *world) say(format string, args ...any) {
	fmt.Fprintf(w.Progress, "  … "+format+"\n", args...)
}

// note keeps the highest peaks.
func (w *world) note(u stack.Usage) {
	for i, part := range u {
		if i == len(w.peaks) {
			w.peaks = append(w.peaks, part)
		}
		w.peaks[i].Peak = max(w.peaks[i].Peak, part.Peak)
	}
}

// embeddedMemory is the goal for Posthaste with all that is embedded in it.
const embeddedMemory = 300 << 20

// memory tells the peaks.
func (w *world) memory() {
	if len(w.peaks) == 0 {
		return
	}
	table := w.sheet.Table("", "peak memory (VmHWM)", "")
	for _, part := range w.peaks {
		table.Row(part.Name, report.Size(part.Peak))
	}
	if w.Embedded {
		own := w.peaks[len(w.peaks)-1]
		w.sheet.Goal(report.Most("peak memory of Posthaste with NATS and Redis in it", report.Size(own.Peak), embeddedMemory))
	}
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}

// after is closed when the time is over.
func after(d time.Duration) <-chan struct{} {
	done := make(chan struct{})
	time.AfterFunc(d, func() { close(done) })
	return done
}
