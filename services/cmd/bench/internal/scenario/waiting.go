package scenario

import (
	"context"
	"fmt"
	"time"

	"github.com/posthaste/posthaste/services/cmd/bench/internal/bare"
	"github.com/posthaste/posthaste/services/cmd/bench/internal/load"
	"github.com/posthaste/posthaste/services/cmd/bench/internal/report"
)

const (
	// waitingRate is how many fresh events a second are sent beside.
	waitingRate = 500
	// waitingSubscriptions share what waits.
	waitingSubscriptions = 100
	// earlyMost is how much before its time an attempt may be made.
	earlyMost = 50 * time.Millisecond
)

// sleepers is deliveries that wait, and the fresh ones beside them.
type sleepers struct {
	*site
	table  *report.Table
	source *load.Source // of what waits
	fresh  *load.Source
	wait   time.Duration
	lane   *laneWatch // nil where it is not asked for
	due    time.Time  // of the first
}

// waiting fills the delay line, without and with a crash of NATS.
func waiting(ctx context.Context, w *world) error {
	loop, err := bare.Measure(ctx, 2, w.Payload)
	if err != nil {
		return err
	}
	w.sheet.Note("%d deliveries were written straight to DELAYS, as a dispatcher writes them; bare loop %s", w.Waiting, loop.Rate())
	fresh := w.sheet.Table(fmt.Sprintf("%d fresh events/s", waitingRate), "beside", "p50", "p99", "max", "lost", coresColumn)
	table := w.sheet.Table(fmt.Sprintf("%d deliveries that wait", w.Waiting), "run", "written", "wait", "late p50", "late p99", "late in lane p50", "late in lane p99",
		"lane rate", "early", "twice", "not yet", "drain rate", "of bare", "NATS back after", "peak of NATS", "peak of Posthaste")
	table.Tall = true
	for _, kill := range []bool{false, true} {
		name := "undisturbed"
		if kill {
			name = "NATS killed"
		}
		if err := w.waiting(ctx, name, kill, fresh, table, loop); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func (w *world) waiting(ctx context.Context, name string, kill bool, fresh, table *report.Table, loop bare.Result) error {
	at, err := w.start(ctx, name, 2)
	if err != nil {
		return err
	}
	defer at.close()
	at.producer.Patient(patience)
	s := &sleepers{site: at, table: fresh, wait: w.waitingWait()}
	if err := s.prepare(ctx); err != nil {
		return err
	}
	if err := s.beside(ctx, "nothing", after(w.lasting(20*time.Second)/4)); err != nil {
		return err
	}
	written, err := s.fill(ctx)
	if err != nil {
		return fmt.Errorf("fill the delay line: %w", err)
	}
	back := report.None(report.Seconds)
	if kill {
		took, err := s.crash(ctx)
		if err != nil {
			return err
		}
		back = report.Took(took)
	}
	if left := time.Until(s.due) - time.Second; left > time.Second {
		if err := s.beside(ctx, "what waits", after(left)); err != nil {
			return err
		}
	}
	if err := s.drain(ctx); err != nil {
		return err
	}
	s.tell(table, written, back, loop)
	return nil
}

// waitingWait is a tier that is longer than it takes to write all and to
// measure beside it.
func (w *world) waitingWait() time.Duration {
	need := time.Duration(w.Waiting/20_000)*time.Second + w.lasting(15*time.Second)
	for _, tier := range []time.Duration{10 * time.Second, 30 * time.Second, 60 * time.Second, 90 * time.Second} {
		if need <= tier {
			return tier
		}
	}
	return 300 * time.Second
}

func (s *sleepers) prepare(ctx context.Context) (err error) {
	s.source = load.NewSource("waiting", "bench.event", s.w.Payload)
	s.fresh = load.NewSource("fresh", "bench.event", s.w.Payload)
	// Nobody publishes events of that tenant: its deliveries are written.
	if s.ids, err = s.subscribe(ctx, waitingSubscriptions, func(i int) load.Subscription {
		return load.Subscription{Tenant: s.source.Tenant, URL: s.endpoints[0].URL(i), Type: s.source.Type}
	}); err != nil {
		return err
	}
	if _, err = s.producer.Subscribe(ctx, load.Subscription{Tenant: s.fresh.Tenant, URL: s.endpoints[1].URL(0), Type: s.fresh.Type}); err != nil {
		return err
	}
	if s.w.Lane {
		if s.lane, err = watchLane(s.NATSURL(), s.source.Tenant, s.w.Waiting); err != nil {
			return err
		}
	}
	return s.warm(ctx, []*load.Source{s.fresh}, 1000)
}

// crash kills NATS and waits until all is back.
func (s *sleepers) crash(ctx context.Context) (time.Duration, error) {
	s.w.say("kill NATS")
	return s.KillNATS(ctx)
}
