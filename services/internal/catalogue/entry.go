package catalogue

import (
	"bytes"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
)

// Origin says which layer an entry is of.
type Origin string

// The layers, each over the one before.
const (
	OfDialect Origin = "dialect"
	OfServer  Origin = "server"
	OfTenant  Origin = "tenant"
)

// Entry is an event type as a tenant sees it. It is shared: nobody changes it.
type Entry struct {
	*posthastev1.EventType
	Origin Origin
	form   *form // nil without a schema
}

// NewEntry makes an entry and compiles its schema. Built-in types are made by
// it too. The error is a *Fault.
func NewEntry(t *posthastev1.EventType, origin Origin) (Entry, error) {
	e := Entry{EventType: t, Origin: origin}
	if len(bytes.TrimSpace(t.GetSchema())) == 0 {
		return e, nil
	}
	var err error
	e.form, err = compile(t.GetSchema())
	return e, err
}

// Fault says which field of an event type is wrong.
type Fault struct {
	Field   string // such as "schema.properties.amount.type"
	Problem string
}

func (f *Fault) Error() string { return f.Field + ": " + f.Problem }
