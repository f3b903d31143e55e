package event

import (
	"errors"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/posthaste/posthaste/pkg/eventid"
	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
)

// DefaultTenant owns what names no tenant.
const DefaultTenant = "default"

// Complete fills in what a producer may leave out: the tenant, the time and,
// from newID, the id. Then it checks the event. Errors are *FieldError.
func Complete(e *posthastev1.Event, now time.Time, newID func() string) error {
	if e.Tenant == "" {
		e.Tenant = DefaultTenant
	}
	if e.Time == nil {
		e.Time = timestamppb.New(now)
	}
	if e.Id == "" {
		e.Id = newID()
	}
	return check(e)
}

// check holds what is true of every event in the EVENTS stream's protobuf.
func check(e *posthastev1.Event) error {
	if e.Type == "" {
		return fault("type", "is required")
	}
	if err := eventid.CheckType(e.Type); err != nil {
		return badName("type", err)
	}
	if err := eventid.CheckTenant(e.Tenant); err != nil {
		return badName("tenant", err)
	}
	if err := eventid.CheckID(e.Id); err != nil {
		return badName("id", err)
	}
	if err := eventid.CheckSource(e.Source); err != nil {
		return badName("source", err)
	}
	if len(e.Data) == 0 {
		return fault("data", "is required; send null where there is none")
	}
	return badAttribute(eventid.CheckAttributes(e.Attributes))
}

// badName is an error of package eventid without the field's name, which
// stands before it anyway.
func badName(field string, err error) error {
	problem := strings.TrimPrefix(err.Error(), field+": ")
	return fault(field, "%s", strings.TrimPrefix(problem, eventid.ErrName.Error()+": "))
}

// badAttribute is an *eventid.AttributeError as a fault of this package.
func badAttribute(err error) error {
	var bad *eventid.AttributeError
	switch {
	case !errors.As(err, &bad):
		return err
	case bad.Count > 0:
		return fault("attributes", "%s", bad.Problem)
	default:
		return fault(bad.Name, "%s", bad.Problem)
	}
}
