package ingest

import (
	"encoding/json"
	"net/http"

	"github.com/posthaste/posthaste/pkg/eventid"
	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/auth"
	"github.com/posthaste/posthaste/services/internal/event"
	"github.com/posthaste/posthaste/services/internal/problem"
)

// batch is the events of one request.
type batch struct {
	events []*posthastev1.Event
	array  bool // an error names the index of its event
}

func (s *Service) serveEvents(w http.ResponseWriter, r *http.Request) {
	answer, err := s.takeEvents(w, r)
	if err != nil {
		s.metrics.refused(r.Context(), problem.From(err).Code)
		problem.Write(w, r, s.log, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusAccepted)
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false) // an id may hold <, and this is no page
	_ = out.Encode(answer)   // the client may be gone
}

func (s *Service) takeEvents(w http.ResponseWriter, r *http.Request) (*accepted, error) {
	who, err := s.keys.Authenticate(r)
	if err != nil {
		return nil, err
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return nil, &problem.Error{Status: http.StatusMethodNotAllowed, Code: problem.CodeMethodNotAllowed, Message: "Events are sent with POST."}
	}
	b, err := s.readEvents(w, r)
	if err != nil {
		return nil, clientError(err)
	}
	if err := s.complete(who, b); err != nil {
		return nil, clientError(err)
	}
	if err := s.rates.take(b.events, s.now()); err != nil {
		return nil, err
	}
	return s.store(r, b.events)
}

// complete settles whose the events are and checks them all, before any is
// published.
func (s *Service) complete(who auth.Principal, b batch) error {
	now := s.now()
	for i, e := range b.events {
		tenant, err := who.For(e.GetTenant(), event.DefaultTenant)
		if err != nil {
			return err
		}
		e.Tenant = tenant
		err = event.Complete(e, now, eventid.New)
		switch {
		case err != nil && b.array:
			return event.At(err, i)
		case err != nil:
			return err
		}
	}
	return nil
}
