package ingest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/posthaste/posthaste/pkg/eventid"
	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/auth"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/event"
	"github.com/posthaste/posthaste/services/internal/problem"
)

// retryAfter is what a client is told while JetStream is away.
const retryAfter = time.Second

// accepted is the answer to POST /v1/events.
type accepted struct {
	Data []acceptedEvent `json:"data"`
}

type acceptedEvent struct {
	ID        string `json:"id"`
	Duplicate bool   `json:"duplicate"`
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
	_ = json.NewEncoder(w).Encode(answer) // the client may be gone
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
	events, err := s.readEvents(w, r)
	if err != nil {
		return nil, clientError(err)
	}
	if err := s.complete(who, events); err != nil {
		return nil, clientError(err)
	}
	if err := s.rates.take(events, s.now()); err != nil {
		return nil, err
	}
	return s.store(r, events)
}

// readEvents reads the body in the form that its Content-Type names.
func (s *Service) readEvents(w http.ResponseWriter, r *http.Request) ([]*posthastev1.Event, error) {
	contentType := r.Header.Get("Content-Type")
	media, params, err := mime.ParseMediaType(contentType)
	if err != nil && contentType != "" {
		return nil, fmt.Errorf("%w: the Content-Type header cannot be read", event.ErrMediaType)
	}
	if charset := params["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
		return nil, fmt.Errorf("%w: JSON is UTF-8, not %.40q", event.ErrMediaType, charset)
	}
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return nil, fmt.Errorf("%w: send the body without Content-Encoding %.40q", event.ErrMediaType, encoding)
	}
	body, err := s.readBody(w, r)
	if err != nil {
		return nil, err
	}
	binary := event.HTTPCloudEventHeaders(r.Header)
	switch {
	case media == event.ContentTypeCloudEvent:
		return event.ReadCloudEvent(body, s.limits)
	case media == event.ContentTypeCloudEventBatch:
		return event.ReadCloudEventBatch(body, s.limits)
	case binary != nil:
		return readBinary(binary, contentType, body, s.limits)
	case media == "application/json":
		events, _, err := event.ReadJSON(body, s.limits)
		return events, err
	default:
		return nil, fmt.Errorf("%w: send application/json, %s, %s, or a CloudEvent in binary mode",
			event.ErrMediaType, event.ContentTypeCloudEvent, event.ContentTypeCloudEventBatch)
	}
}

func (s *Service) readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	limit := int64(s.cfg.MaxBatchBytes)
	tooLarge := &event.SizeError{Index: -1, Limit: limit, Setting: "POSTHASTE_MAX_BATCH_BYTES"}
	if r.ContentLength > limit {
		return nil, tooLarge
	}
	body := make([]byte, 0, max(512, min(r.ContentLength+1, 1<<20)))
	reader := http.MaxBytesReader(w, r.Body, limit)
	for {
		if len(body) == cap(body) {
			body = append(body, 0)[:len(body)]
		}
		n, err := reader.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		var over *http.MaxBytesError
		switch {
		case errors.Is(err, io.EOF):
			return body, nil
		case errors.As(err, &over):
			return nil, tooLarge
		case err != nil:
			return nil, &event.FieldError{Index: -1, Problem: "the body ended before it was complete"}
		}
	}
}

func readBinary(headers map[string]string, contentType string, body []byte, limits event.Limits) ([]*posthastev1.Event, error) {
	for name, value := range headers {
		decoded, err := percentDecoded(value)
		if err != nil {
			return nil, &event.FieldError{Index: -1, Field: "ce-" + name, Problem: "has a broken percent-encoding (CloudEvents HTTP binding, section 3.1.3.2)"}
		}
		headers[name] = decoded
	}
	e, err := event.ReadCloudEventBinary(headers, contentType, body, limits)
	if err != nil {
		return nil, err
	}
	return []*posthastev1.Event{e}, nil
}

// complete settles whose the events are and checks them all, before any is
// published.
func (s *Service) complete(who auth.Principal, events []*posthastev1.Event) error {
	now := s.now()
	for i, e := range events {
		tenant, err := who.For(e.GetTenant(), event.DefaultTenant)
		if err != nil {
			return err
		}
		e.Tenant = tenant
		if err := event.Complete(e, now, eventid.New); err != nil {
			if len(events) > 1 {
				return event.At(err, i)
			}
			return err
		}
	}
	return nil
}

func (s *Service) store(r *http.Request, events []*posthastev1.Event) (*accepted, error) {
	if !s.bus.Connected() {
		return nil, s.unavailable(events, nil)
	}
	msgs, err := messages(events, traceContext(r.Header))
	if err != nil {
		return nil, err
	}
	acks, err := s.publish(r.Context(), msgs)
	if errors.Is(err, bus.ErrTooLarge) {
		return nil, clientError(&event.SizeError{Index: -1, Limit: s.limits.EventBytes, Setting: "POSTHASTE_MAX_EVENT_BYTES"})
	}
	if err != nil {
		return nil, s.unavailable(events, err)
	}
	answer := &accepted{Data: make([]acceptedEvent, len(events))}
	duplicates := 0
	for i, e := range events {
		answer.Data[i] = acceptedEvent{ID: e.GetId(), Duplicate: acks[i].Duplicate}
		if acks[i].Duplicate {
			duplicates++
		}
	}
	s.metrics.accepted(r.Context(), len(events), duplicates)
	return answer, nil
}

// unavailable is a 503 with the ids of the events: some may be in JetStream,
// and sending all again with these ids repeats none of them.
func (s *Service) unavailable(events []*posthastev1.Event, cause error) error {
	ids := make([]string, len(events))
	for i, e := range events {
		ids[i] = e.GetId()
	}
	err := problem.Unavailable("JetStream did not take all of the events. Send them again with these ids.", retryAfter, cause)
	err.Details = map[string]any{"ids": ids}
	return err
}

func traceContext(h http.Header) nats.Header {
	parent := h.Get("Traceparent")
	if parent == "" {
		return nil
	}
	out := nats.Header{bus.HeaderTraceparent: []string{parent}}
	if state := h.Get("Tracestate"); state != "" {
		out[bus.HeaderTracestate] = []string{state}
	}
	return out
}
