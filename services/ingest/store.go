package ingest

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/posthaste/posthaste/pkg/eventid"
	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/delivery"
	"github.com/posthaste/posthaste/services/internal/event"
	"github.com/posthaste/posthaste/services/internal/problem"
	"github.com/posthaste/posthaste/services/internal/tracing"
)

// retryAfter is what a client is told while JetStream is away.
const retryAfter = time.Second

// accepted is the answer to POST /v1/events.
type accepted struct {
	Data     []acceptedEvent   `json:"data"`
	Warnings []acceptedWarning `json:"warnings,omitempty"`
}

type acceptedEvent struct {
	ID        string `json:"id"`
	Duplicate bool   `json:"duplicate"`
}

// store returns when JetStream has every event. Its error is a 503 with the
// ids that the events were given.
func (s *Service) store(r *http.Request, events []*posthastev1.Event) (*accepted, error) {
	if !s.bus.Connected() {
		return nil, unavailable(events, nil)
	}
	ctx, span := s.tracer.Publish(r.Context(), events)
	defer span.End()
	msgs, err := messages(events, s.trace(ctx, r.Header, len(events)))
	if err != nil {
		return nil, err
	}
	acks, err := s.publish(ctx, msgs)
	tracing.Fail(span, err)
	switch {
	case errors.Is(err, bus.ErrTooLarge):
		return nil, clientError(&event.SizeError{Index: -1, Limit: s.limits.EventBytes, Setting: settingEventBytes})
	case err != nil && r.Context().Err() != nil:
		return nil, unavailable(events, nil) // the client has gone; that is no fault to log
	case err != nil:
		return nil, unavailable(events, err)
	}
	return s.answer(r.Context(), events, acks), nil
}

// publish puts the events in JetStream, all under way at once.
func (s *Service) publish(ctx context.Context, msgs []bus.Msg) ([]bus.Ack, error) {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.PublishTimeout)
	defer cancel()
	acks := make([]bus.Ack, len(msgs))
	if err := s.publisher.PublishOnce(ctx, msgs, acks); err != nil {
		return nil, err
	}
	return acks, nil
}

func (s *Service) answer(ctx context.Context, events []*posthastev1.Event, acks []bus.Ack) *accepted {
	answer := &accepted{Data: make([]acceptedEvent, len(events))}
	duplicates := 0
	for i, e := range events {
		answer.Data[i] = acceptedEvent{ID: e.GetId(), Duplicate: acks[i].Duplicate}
		if acks[i].Duplicate {
			duplicates++
		}
	}
	s.metrics.accepted(ctx, len(events), duplicates)
	return answer
}

// unavailable is a 503 with the ids of the events: some may be in JetStream,
// and sending all again with these ids repeats none of them.
func unavailable(events []*posthastev1.Event, cause error) error {
	ids := make([]string, len(events))
	for i, e := range events {
		ids[i] = e.GetId()
	}
	err := problem.Unavailable("JetStream did not take all of the events. Send them again with these ids.", retryAfter, cause)
	err.Details = map[string]any{"ids": ids}
	return err
}

// messages encodes events for the stream.
func messages(events []*posthastev1.Event, trace nats.Header) ([]bus.Msg, error) {
	msgs := make([]bus.Msg, len(events))
	for i, e := range events {
		data, err := delivery.AppendEvent(nil, e)
		if err != nil {
			return nil, err
		}
		header := make(nats.Header, 2+len(trace))
		for key, values := range trace {
			header[key] = values
		}
		header[bus.HeaderContentType] = protobuf
		msgs[i] = bus.Msg{
			Subject: eventid.Subject(e.GetTenant(), e.GetType()),
			ID:      eventid.MsgID(e.GetTenant(), e.GetSource(), e.GetId()),
			Data:    data,
			Header:  header,
		}
	}
	return msgs, nil
}

var protobuf = []string{event.ContentTypeProtobuf}
