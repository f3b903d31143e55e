package ingest

import (
	"fmt"
	"mime"
	"net/http"
	"strings"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/event"
)

// readEvents reads the body in the form that the headers name.
func (s *Service) readEvents(w http.ResponseWriter, r *http.Request) (batch, error) {
	media, err := mediaType(r.Header)
	if err != nil {
		return batch{}, err
	}
	headers := event.HTTPCloudEventHeaders(r.Header)
	binary := headers != nil && media != event.ContentTypeCloudEvent && media != event.ContentTypeCloudEventBatch
	if !binary && !readable(media) {
		return batch{}, fmt.Errorf("%w: send application/json, %s, %s, or a CloudEvent in binary mode",
			event.ErrMediaType, event.ContentTypeCloudEvent, event.ContentTypeCloudEventBatch)
	}
	body, err := s.readBody(w, r, binary || media == event.ContentTypeCloudEvent)
	if err != nil {
		return batch{}, err
	}
	if binary {
		e, err := event.ReadCloudEventBinary(headers, r.Header.Get("Content-Type"), body, s.limits)
		return batch{events: []*posthastev1.Event{e}}, err
	}
	return s.parse(media, body)
}

func (s *Service) parse(media string, body []byte) (b batch, err error) {
	switch media {
	case event.ContentTypeCloudEvent:
		b.events, err = event.ReadCloudEvent(body, s.limits)
	case event.ContentTypeCloudEventBatch:
		b.array = true
		b.events, err = event.ReadCloudEventBatch(body, s.limits)
	default:
		b.events, b.array, err = event.ReadJSON(body, s.limits)
	}
	return b, err
}

func readable(media string) bool {
	return media == "application/json" || media == event.ContentTypeCloudEvent || media == event.ContentTypeCloudEventBatch
}

// mediaType is the Content-Type without its parameters. The error is
// event.ErrMediaType for bytes that would have to be converted first.
func mediaType(h http.Header) (string, error) {
	contentType := h.Get("Content-Type")
	media, params, err := mime.ParseMediaType(contentType)
	if err != nil && contentType != "" {
		return "", fmt.Errorf("%w: the Content-Type header cannot be read", event.ErrMediaType)
	}
	if charset := params["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
		return "", fmt.Errorf("%w: send UTF-8, not %.40q", event.ErrMediaType, charset)
	}
	if encoding := h.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return "", fmt.Errorf("%w: send the body without Content-Encoding %.40q", event.ErrMediaType, encoding)
	}
	return media, nil
}
