package scenario

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/cmd/bench/internal/load"
	"github.com/posthaste/posthaste/services/cmd/bench/internal/report"
	"github.com/posthaste/posthaste/services/cmd/bench/internal/stack"
	"github.com/posthaste/posthaste/services/internal/sealed"
	"github.com/posthaste/posthaste/services/internal/subscription"
)

// perTenant is how many subscriptions one tenant has.
const perTenant = 1000

// index measures with many subscriptions that want none of the events.
func index(ctx context.Context, w *world) error {
	s, err := w.start(ctx, "index", 1)
	if err != nil {
		return err
	}
	defer s.close()
	sources, err := s.neighbourhood(ctx)
	if err != nil {
		return err
	}
	table := w.sheet.Table(fmt.Sprintf("%d events/s to one endpoint", w.Rate), "subscriptions", "start until ready", "memory then", "peak", "p50", "p99", "max", "lost")
	if err := s.indexed(ctx, table, 1, sources[0]); err != nil {
		return err
	}
	begin := time.Now()
	if err := s.populate(ctx, sources[0].Tenant); err != nil {
		return fmt.Errorf("make %d subscriptions: %w", w.Subscriptions, err)
	}
	w.sheet.Note("%d subscriptions were written straight to their bucket, %s", w.Subscriptions, report.Per(w.Subscriptions, time.Since(begin)))
	return s.indexed(ctx, table, w.Subscriptions+1, sources[0])
}

// populate copies the one subscription there is under other names, tenants and
// types, straight into the bucket.
func (s *site) populate(ctx context.Context, tenant string) error {
	s.w.say("write %d subscriptions", s.w.Subscriptions)
	b, err := s.bus(ctx)
	if err != nil {
		return err
	}
	defer b.Close()
	keys, err := (&sealed.Config{EncryptionKeys: stack.EncryptionKey}).Keys()
	if err != nil {
		return err
	}
	store, err := subscription.NewStore(ctx, b, keys)
	if err != nil {
		return err
	}
	stored, err := store.Get(ctx, tenant, s.ids[0])
	if err != nil {
		return err
	}
	template, err := store.Open(stored) // secrets are sealed for one record
	if err != nil {
		return err
	}
	numbers := load.NewSource("", "", 0)
	return load.InParts(ctx, s.w.Subscriptions, 100, 32, func(ctx context.Context, n int) error {
		for range n {
			_, number := numbers.Data(time.Time{})
			if _, err := store.Create(ctx, nth(template.Subscription, int(number))); err != nil {
				return err
			}
		}
		return nil
	})
}

func nth(template *posthastev1.Subscription, i int) *posthastev1.Subscription {
	pb := proto.CloneOf(template)
	pb.Id = subscription.NewID(time.Now())
	pb.Tenant = fmt.Sprintf("many-%d", i/perTenant)
	pb.EventTypes = []string{fmt.Sprintf("bench.type-%d", i%perTenant)}
	return pb
}

// indexed starts Posthaste again and measures it.
func (s *site) indexed(ctx context.Context, table *report.Table, subscriptions int, source *load.Source) error {
	s.w.note(s.Usage())
	took, err := s.Restart(ctx)
	if err != nil {
		return err
	}
	then := s.own().RSS
	if err := s.warm(ctx, []*load.Source{source}, 500); err != nil {
		return err
	}
	made := source.Made()
	s.w.say("%d events/s beside %d subscriptions", s.w.Rate, subscriptions)
	if err := s.producer.Pace(ctx, after(s.w.lasting(8*time.Second)), 0, float64(s.w.Rate), source); err != nil {
		return err
	}
	found, err := farings(ctx, s.endpoints, []*load.Source{source}, made)
	if err != nil {
		return err
	}
	name := report.Num(subscriptions).String()
	table.Row(name, report.Took(took), report.Size(then), report.Size(s.own().Peak), found.p50(), found.p99(), found.max(), found.lost)
	s.w.sheet.Goal(report.Most(name+" subscriptions, p50", found.p50(), steadyP50))
	s.w.sheet.Goal(report.Most(name+" subscriptions, p99", found.p99(), steadyP99))
	s.w.sheet.Goal(report.Most(name+" subscriptions, lost", found.lost, 0))
	return nil
}

// own is what Posthaste has used.
func (s *site) own() stack.Part {
	usage := s.Usage()
	return usage[len(usage)-1]
}
