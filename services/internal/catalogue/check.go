package catalogue

import (
	"errors"
	"fmt"
	"time"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/event"
)

// Warning says that an event was taken whose type is on its way out.
type Warning struct {
	Type    string
	Message string
	// Deprecated is since when the type is known to be deprecated: when its
	// entry was stored. Zero where the dialect says so, or where it is not.
	Deprecated time.Time
	// Sunset is after when it should not be published; zero for never.
	Sunset time.Time
}

// Check holds a complete event against the tenant's catalogue, by the tenant's
// enforcement or else the server's. An error is an *event.FieldError without
// index. Where the type has no schema and is not deprecated it looks up and no
// more.
func (l *Live) Check(tenant string, e *posthastev1.Event, now time.Time) ([]Warning, error) {
	level, own := l.enforcement(tenant)
	entry, found := l.Get(tenant, e.GetType())
	switch {
	case !found && level == known:
		return nil, unknown(tenant, own)
	case !found:
		return nil, nil
	case entry.form != nil && (level == schema || level == known):
		if err := entry.form.hold("data", e.GetData()); err != nil {
			return nil, fieldError(err)
		}
	}
	return entry.warnings(now), nil
}

// enforcement says how strict to be, and whether the tenant said so itself.
func (l *Live) enforcement(tenant string) (level posthastev1.EventTypeEnforcement, own bool) {
	t, _ := l.tenants.Get(tenant)
	if level := t.GetEnforcement(); level != posthastev1.EventTypeEnforcement_EVENT_TYPE_ENFORCEMENT_UNSPECIFIED {
		return level, true
	}
	return l.cfg.enforcement(), false
}

func unknown(tenant string, own bool) error {
	setting := "POSTHASTE_EVENT_TYPE_ENFORCEMENT"
	if own {
		setting = "the tenant's enforcement"
	}
	return &event.FieldError{Index: -1, Field: "type", Problem: fmt.Sprintf("is not in the catalogue of tenant %s, and %s is known; add the type first", tenant, setting)}
}

func fieldError(err error) error {
	var fault *Fault
	if !errors.As(err, &fault) {
		return err
	}
	return &event.FieldError{Index: -1, Field: fault.Field, Problem: fault.Problem}
}

// warnings says what a producer of the type should know.
func (e Entry) warnings(now time.Time) []Warning {
	past := e.GetSunset() != nil && !now.Before(e.GetSunset().AsTime())
	if !e.GetDeprecated() && !past {
		return nil
	}
	w := Warning{Type: e.GetName()}
	if e.GetSunset() != nil {
		w.Sunset = e.GetSunset().AsTime()
	}
	if e.GetDeprecated() && e.GetUpdatedAt() != nil {
		w.Deprecated = e.GetUpdatedAt().AsTime()
	}
	switch day := w.Sunset.Format(time.DateOnly); {
	case past:
		w.Message = fmt.Sprintf("type %s is past its sunset of %s; stop publishing it", w.Type, day)
	case !w.Sunset.IsZero():
		w.Message = fmt.Sprintf("type %s is deprecated; its sunset is on %s", w.Type, day)
	default:
		w.Message = fmt.Sprintf("type %s is deprecated", w.Type)
	}
	return []Warning{w}
}
