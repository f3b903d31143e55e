package catalogue

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/posthaste/posthaste/pkg/eventid"
	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/kv"
)

// Errors that callers tell apart. What is wrong with an event type is a *Fault.
var (
	ErrNotFound = kv.ErrNotFound
	ErrConflict = kv.ErrConflict
	// ErrTooMany says that the tenant has as many types as it may.
	ErrTooMany = errors.New("too many event types")
)

// Put stores t in the place of the entry that its tenant has (the server, where
// t names none), whose time of creation it keeps. It returns what is stored and
// its revision, for Await. Errors: *Fault, ErrTooMany, ErrConflict.
func (l *Live) Put(ctx context.Context, t *posthastev1.EventType, now time.Time) (*posthastev1.EventType, uint64, error) {
	t = proto.CloneOf(t)
	t.CreatedAt, t.UpdatedAt = timestamppb.New(now), timestamppb.New(now)
	if err := l.Validate(t); err != nil {
		return nil, 0, err
	}
	keep := func(old *posthastev1.EventType) { t.CreatedAt = old.GetCreatedAt() }
	return l.bucket.Replace(ctx, key(t.GetTenant(), t.GetName()), t, keep, func() error { return l.room(t.GetTenant()) })
}

// Delete removes the tenant's own entry, or the server's for an empty tenant,
// and returns it as it was last. Errors: ErrNotFound, ErrConflict.
func (l *Live) Delete(ctx context.Context, tenant, name string) (*posthastev1.EventType, error) {
	if checkNames(&posthastev1.EventType{Tenant: tenant, Name: name}) != nil {
		return nil, ErrNotFound // and its key might be that of another
	}
	t, _, err := l.bucket.Delete(ctx, key(tenant, name))
	return t, err
}

// room counts in memory, so several at once may go over the limit by as many.
func (l *Live) room(tenant string) error {
	if l.index.count(owner(tenant)) < l.cfg.MaxEventTypes {
		return nil
	}
	return fmt.Errorf("%w: there are %d already (POSTHASTE_MAX_EVENT_TYPES_PER_TENANT); remove one first", ErrTooMany, l.cfg.MaxEventTypes)
}

// Validate holds what is true of every stored entry; Put wants it. The error is
// a *Fault.
func (l *Live) Validate(t *posthastev1.EventType) error {
	if err := checkNames(t); err != nil {
		return err
	}
	switch n := len(t.GetDescription()); {
	case n > MaxDescription:
		return &Fault{Field: "description", Problem: fmt.Sprintf("is %d bytes, at most %d allowed", n, MaxDescription)}
	case !utf8.ValidString(t.GetDescription()):
		return &Fault{Field: "description", Problem: "is not UTF-8"}
	case len(t.GetExample()) > MaxExample:
		return &Fault{Field: "example", Problem: fmt.Sprintf("is %d bytes, at most %d allowed", len(t.GetExample()), MaxExample)}
	case len(t.GetSchema()) > int(l.cfg.MaxSchemaBytes):
		return &Fault{Field: "schema", Problem: fmt.Sprintf("is %d bytes, at most %d allowed (POSTHASTE_MAX_SCHEMA_BYTES)", len(t.GetSchema()), int64(l.cfg.MaxSchemaBytes))}
	case t.GetSunset() != nil && !t.GetSunset().IsValid():
		return &Fault{Field: "sunset", Problem: "must lie in the years 0001 to 9999 UTC"}
	}
	return checkExample(t)
}

func checkNames(t *posthastev1.EventType) error {
	if t.GetTenant() == Server {
		return &Fault{Field: "tenant", Problem: "_ stands for the server; a tenant of this name has no types of its own"}
	}
	if t.GetTenant() != "" {
		if err := eventid.CheckTenant(t.GetTenant()); err != nil {
			return nameFault("tenant", err)
		}
	}
	if err := eventid.CheckType(t.GetName()); err != nil {
		return nameFault("name", err)
	}
	return nil
}

// nameFault is an error of package eventid without what stands before it anyway.
func nameFault(field string, err error) error {
	_, problem, _ := strings.Cut(err.Error(), eventid.ErrName.Error()+": ")
	if problem == "" {
		problem = err.Error()
	}
	return &Fault{Field: field, Problem: problem}
}

// checkExample wants an example that fits the schema that it stands beside.
func checkExample(t *posthastev1.EventType) error {
	e, err := NewEntry(t, OfTenant)
	if err != nil || len(t.GetExample()) == 0 {
		return err
	}
	if e.form != nil {
		return e.form.hold("example", t.GetExample())
	}
	_, err = decode("example", t.GetExample())
	return err
}
