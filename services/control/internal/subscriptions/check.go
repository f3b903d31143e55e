package control

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/posthaste/posthaste/services/internal/dialect"
	"github.com/posthaste/posthaste/services/internal/problem"
	"github.com/posthaste/posthaste/services/internal/ssrf"
	"github.com/posthaste/posthaste/services/internal/subscription"
)

// maxTaskID is the longest task id of a filter, in bytes.
const maxTaskID = 256

// faults are what is wrong with a request, all at once.
type faults []problem.Field

func (f *faults) add(field, format string, args ...any) {
	*f = append(*f, problem.Field{Field: field, Message: fmt.Sprintf(format, args...)})
}

// err is nil or a 400.
func (f faults) err() error {
	if len(f) == 0 {
		return nil
	}
	return problem.Validation(f...)
}

func (s *Service) checkURL(ctx context.Context, raw string, f *faults) {
	if raw == "" {
		f.add("url", "is required")
		return
	}
	ctx, cancel := context.WithTimeout(ctx, s.cfg.ResolveTimeout)
	defer cancel()
	if err := s.deps.Guard.CheckURL(ctx, raw); err != nil {
		f.add("url", "%s", urlMessage(err))
	}
}

// urlMessage is the guard's text: clients match it, so nothing is added.
func urlMessage(err error) string {
	for _, known := range []error{ssrf.ErrScheme, ssrf.ErrPrivate, ssrf.ErrUnresolved} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	return err.Error()
}

func (s *Service) checkEventTypes(types []string, f *faults) {
	if len(types) == 0 || len(types) > s.cfg.MaxEventTypes {
		f.add("eventTypes", "must have 1 to %d entries (max-event-types), has %d", s.cfg.MaxEventTypes, len(types))
		return
	}
	for i, t := range types {
		field := fmt.Sprintf("eventTypes[%d]", i)
		if err := subscription.CheckPattern(t); err != nil {
			f.add(field, "%s", err)
		} else if first := slices.Index(types, t); first < i {
			f.add(field, "is the same as eventTypes[%d]", first)
		}
	}
}

func (s *Service) checkTaskIDs(ids []string, f *faults) {
	if len(ids) > s.cfg.MaxTaskIDs {
		f.add("filters.taskIds", "must have at most %d entries (max-task-ids), has %d", s.cfg.MaxTaskIDs, len(ids))
		return
	}
	for i, id := range ids {
		field := fmt.Sprintf("filters.taskIds[%d]", i)
		if id == "" || len(id) > maxTaskID {
			f.add(field, "must have 1 to %d bytes, has %d", maxTaskID, len(id))
		} else if first := slices.Index(ids, id); first < i {
			f.add(field, "is the same as filters.taskIds[%d]", first)
		}
	}
}

func (s *Service) checkDescription(text string, f *faults) {
	if len(text) > int(s.cfg.MaxDescription) {
		f.add("description", "must have at most %d bytes (max-description-bytes), has %d", int(s.cfg.MaxDescription), len(text))
	}
}

func checkDialect(name string, f *faults) {
	if name != "" && name != dialect.Standard {
		f.add("dialect", "%.64q is not known; known is %q", name, dialect.Standard)
	}
}

// readDelays reads waits such as "10s". nil stands for the dialect's.
func (s *Service) readDelays(texts []string, f *faults) []*durationpb.Duration {
	if texts == nil {
		return nil
	}
	if len(texts) == 0 || len(texts) > s.cfg.MaxDelays {
		f.add("retryPolicy.delays", "must have 1 to %d entries (max-delays), has %d; leave it out for the dialect's", s.cfg.MaxDelays, len(texts))
		return nil
	}
	delays := make([]*durationpb.Duration, len(texts))
	for i, text := range texts {
		d, err := time.ParseDuration(text)
		if err != nil || d < s.cfg.MinDelay || d > s.cfg.MaxDelay {
			f.add(fmt.Sprintf("retryPolicy.delays[%d]", i), "must be a duration such as 10s, from %s to %s",
				shortDuration(s.cfg.MinDelay), shortDuration(s.cfg.MaxDelay))
			continue
		}
		delays[i] = durationpb.New(d)
	}
	return delays
}
