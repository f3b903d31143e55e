package subscriptions

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/posthaste/posthaste/services/control/internal/rest"
	"github.com/posthaste/posthaste/services/internal/dialect"
	"github.com/posthaste/posthaste/services/internal/filter"
	"github.com/posthaste/posthaste/services/internal/ssrf"
	"github.com/posthaste/posthaste/services/internal/subscription"
)

// maxTaskID is the longest task id of a filter, in bytes.
const maxTaskID = 256

func (r *Resource) checkURL(ctx context.Context, d *dialect.Dialect, raw string, f *rest.Faults) {
	switch {
	case raw == "":
		f.Add("url", "is required")
		return
	case d.HTTPS == dialect.HTTPSAlways && !strings.HasPrefix(strings.ToLower(raw), "https://"):
		f.Add("url", "%s", ssrf.ErrScheme)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, r.cfg.ResolveTimeout)
	defer cancel()
	if err := r.deps.Guard.CheckURL(ctx, raw); err != nil {
		f.Add("url", "%s", urlMessage(err))
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

// readEventTypes are the types that the caller chose, or all where the dialect
// leaves no choice.
func (r *Resource) readEventTypes(d *dialect.Dialect, types []string, f *rest.Faults) []string {
	if !d.AllTypes {
		r.checkEventTypes(types, f)
		return types
	}
	all := []string{subscription.AnyType}
	if len(types) > 0 && !slices.Equal(types, all) {
		f.Add("eventTypes", "cannot be chosen in the dialect %s, which delivers all; leave it out", d.Name)
	}
	return all
}

func (r *Resource) checkEventTypes(types []string, f *rest.Faults) {
	if len(types) == 0 || len(types) > r.cfg.MaxEventTypes {
		f.Add("eventTypes", "must have 1 to %d entries (max-event-types), has %d", r.cfg.MaxEventTypes, len(types))
		return
	}
	for i, t := range types {
		field := fmt.Sprintf("eventTypes[%d]", i)
		if err := subscription.CheckPattern(t); err != nil {
			f.Add(field, "%s", err)
		} else if first := slices.Index(types, t); first < i {
			f.Add(field, "is the same as eventTypes[%d]", first)
		}
	}
}

func (r *Resource) checkTaskIDs(ids []string, f *rest.Faults) {
	if len(ids) > r.cfg.MaxTaskIDs {
		f.Add("filters.taskIds", "must have at most %d entries (max-task-ids), has %d", r.cfg.MaxTaskIDs, len(ids))
		return
	}
	for i, id := range ids {
		field := fmt.Sprintf("filters.taskIds[%d]", i)
		if id == "" || len(id) > maxTaskID {
			f.Add(field, "must have 1 to %d bytes, has %d", maxTaskID, len(id))
		} else if first := slices.Index(ids, id); first < i {
			f.Add(field, "is the same as filters.taskIds[%d]", first)
		}
	}
}

func (r *Resource) checkDescription(text string, f *rest.Faults) {
	if len(text) > int(r.cfg.MaxDescription) {
		f.Add("description", "must have at most %d bytes (max-description-bytes), has %d", int(r.cfg.MaxDescription), len(text))
	}
}

// checkPattern tells what the compiler of patterns says.
func (r *Resource) checkPattern(pattern []byte, f *rest.Faults) {
	if len(pattern) == 0 {
		return
	}
	_, err := filter.Compile(pattern, r.cfg.patternLimits())
	if bad := (*filter.Error)(nil); errors.As(err, &bad) {
		f.Add(bad.Path, "%s", bad.Problem)
	} else if err != nil {
		f.Add("filters.pattern", "%s", err)
	}
}
