package ingest

import (
	"net/http"
	"strconv"
	"time"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/catalogue"
)

// Catalogue holds events against the types that a tenant knows. An error is an
// *event.FieldError without index. Package catalogue's Live is one.
type Catalogue interface {
	Check(tenant string, e *posthastev1.Event, now time.Time) ([]catalogue.Warning, error)
}

// maxWarnings bounds the warnings of one answer. The first ones tell enough.
const maxWarnings = 100

// acceptedWarning is what a producer should know of an event that was taken.
type acceptedWarning struct {
	ID      string `json:"id"`
	Type    string `json:"type"`
	Message string `json:"message"`
}

// notices are the warnings of one request. The zero value is none.
type notices struct {
	shown      []acceptedWarning
	types      map[typeOf]string // what is to be logged
	deprecated time.Time         // the earliest that is known
	sunset     time.Time         // the earliest; zero for none
}

// typeOf is an event type of a tenant.
type typeOf struct{ tenant, name string }

// add takes the warnings of one event.
func (n *notices) add(e *posthastev1.Event, warnings []catalogue.Warning) {
	for _, w := range warnings {
		if len(n.shown) < maxWarnings {
			n.shown = append(n.shown, acceptedWarning{ID: e.GetId(), Type: w.Type, Message: w.Message})
		}
		if n.types == nil {
			n.types = make(map[typeOf]string)
		}
		n.types[typeOf{e.GetTenant(), w.Type}] = w.Message
		n.deprecated = earliest(n.deprecated, w.Deprecated)
		n.sunset = earliest(n.sunset, w.Sunset)
	}
}

// earliest of the two that are set.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// header sets Deprecation (RFC 9745) and Sunset (RFC 8594). Where nobody knows
// since when a type is deprecated, it is from now on; the sunset never comes
// before (RFC 9745, section 4).
func (n *notices) header(h http.Header, now time.Time) {
	if len(n.shown) == 0 {
		return
	}
	since := n.deprecated
	if since.IsZero() {
		since = now
	}
	h.Set("Deprecation", "@"+strconv.FormatInt(earliest(since, n.sunset).Unix(), 10))
	if !n.sunset.IsZero() {
		h.Set("Sunset", n.sunset.UTC().Format(http.TimeFormat))
	}
}
