package event

import (
	"time"

	"github.com/go-json-experiment/json/jsontext"
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
		return fault("type", "%s", err)
	}
	if err := eventid.CheckTenant(e.Tenant); err != nil {
		return fault("tenant", "%s", err)
	}
	if err := eventid.CheckID(e.Id); err != nil {
		return fault("id", "%s", err)
	}
	if len(e.Data) == 0 {
		return fault("data", "is required; send null where there is none")
	}
	return checkAttributes(e)
}

// CloudEvents asks for no limits here; ours keep a delivery's size in bounds.
const (
	maxSource     = 1024 // bytes
	maxAttributes = 32
	maxAttribute  = 4096 // bytes of one value
)

func checkAttributes(e *posthastev1.Event) error {
	if len(e.Source) > maxSource {
		return fault("source", "has more than %d bytes", maxSource)
	}
	if len(e.Attributes) > maxAttributes {
		return fault("attributes", "are more than %d", maxAttributes)
	}
	for name, value := range e.Attributes {
		if err := checkExtension(name); err != nil {
			return err
		}
		if len(value) > maxAttribute {
			return fault(name, "has more than %d bytes", maxAttribute)
		}
	}
	return nil
}

// checkData is for data that no JSON reader has been over yet.
func checkData(data []byte) error {
	if len(data) != 0 && !jsontext.Value(data).IsValid(jsontext.AllowDuplicateNames(true)) {
		return fault("data", "is not one JSON value")
	}
	return nil
}
