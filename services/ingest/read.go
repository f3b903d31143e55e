package ingest

import (
	"errors"
	"io"
	"net/http"

	"github.com/posthaste/posthaste/services/internal/event"
)

const (
	settingEventBytes = "POSTHASTE_MAX_EVENT_BYTES"
	settingBatchBytes = "POSTHASTE_MAX_BATCH_BYTES"
	// maxFirstRead bounds what is reserved on a client's word.
	maxFirstRead = 1 << 20 // bytes
)

// readBody reads no more than the limit: that of one event where the body is
// single or turns out to be an object, else that of an array.
func (s *Service) readBody(w http.ResponseWriter, r *http.Request, single bool) ([]byte, error) {
	body := make([]byte, 0, max(512, min(r.ContentLength+1, maxFirstRead)))
	reader := http.MaxBytesReader(w, r.Body, int64(s.cfg.MaxBatchBytes))
	var first byte // that is not white space
	for {
		if len(body) == cap(body) {
			body = append(body, 0)[:len(body)]
		}
		n, err := reader.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		if first == 0 {
			first = firstByte(body[len(body)-n:])
		}
		if tooLarge := s.checkSize(max(int64(len(body)), r.ContentLength), single || first == '{'); tooLarge != nil {
			return nil, tooLarge
		}
		switch {
		case errors.Is(err, io.EOF):
			return body, nil
		case err != nil:
			return nil, s.readError(err)
		}
	}
}

func (s *Service) readError(err error) error {
	var over *http.MaxBytesError
	if errors.As(err, &over) {
		return s.bodyTooLarge()
	}
	return &event.FieldError{Index: -1, Problem: "the body ended before it was complete"}
}

func (s *Service) checkSize(size int64, single bool) error {
	switch {
	case single && size > s.limits.EventBytes:
		return &event.SizeError{Index: -1, Limit: s.limits.EventBytes, Setting: settingEventBytes}
	case size > int64(s.cfg.MaxBatchBytes):
		return s.bodyTooLarge()
	default:
		return nil
	}
}

func (s *Service) bodyTooLarge() error {
	return &event.SizeError{Index: -1, Body: true, Limit: int64(s.cfg.MaxBatchBytes), Setting: settingBatchBytes}
}

// firstByte is the first that is not white space, 0 where there is none.
func firstByte(part []byte) byte {
	for _, c := range part {
		switch c {
		case ' ', '\t', '\r', '\n':
		default:
			return c
		}
	}
	return 0
}
