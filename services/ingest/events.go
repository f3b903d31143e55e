package ingest

import (
	"encoding/json"
	"net/http"
	"time"

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

func (s *Service) serveEvents(w http.ResponseWriter, r *http.Request, who auth.Principal) {
	answer, err := s.takeEvents(w, r, who)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusAccepted)
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false) // an id may hold <, and this is no page
	_ = out.Encode(answer)   // the client may be gone
}

func (s *Service) refuse(w http.ResponseWriter, r *http.Request, err error) {
	s.metrics.refused(r.Context(), problem.From(err).Code)
	problem.Write(w, r, s.log, err)
}

func (s *Service) takeEvents(w http.ResponseWriter, r *http.Request, who auth.Principal) (*accepted, error) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return nil, &problem.Error{Status: http.StatusMethodNotAllowed, Code: problem.CodeMethodNotAllowed, Message: "Events are sent with POST."}
	}
	b, err := s.readEvents(w, r)
	if err != nil {
		return nil, clientError(err)
	}
	var told notices
	if err := s.complete(who, b, &told); err != nil {
		return nil, clientError(err)
	}
	if err := s.rates.take(b.events, s.now()); err != nil {
		return nil, err
	}
	answer, err := s.store(r, b.events)
	if err != nil {
		return nil, err
	}
	answer.Warnings = told.shown
	told.header(w.Header(), s.now())
	s.warn(r.Context(), &told)
	return answer, nil
}

// complete settles whose the events are and checks them all, before any is
// published. What the catalogue warns of goes to told.
func (s *Service) complete(who auth.Principal, b batch, told *notices) error {
	now := s.now()
	for i, e := range b.events {
		tenant, err := who.For(e.GetTenant(), event.DefaultTenant)
		if err != nil {
			return err
		}
		e.Tenant = tenant
		err = event.Complete(e, now, eventid.New)
		if err == nil && s.catalogue != nil {
			err = s.look(e, now, told)
		}
		switch {
		case err != nil && b.array:
			return event.At(err, i)
		case err != nil:
			return err
		}
	}
	return nil
}

// look holds one event against the catalogue.
func (s *Service) look(e *posthastev1.Event, now time.Time, told *notices) error {
	warnings, err := s.catalogue.Check(e.GetTenant(), e, now)
	if err != nil {
		return err
	}
	told.add(e, warnings)
	return nil
}
