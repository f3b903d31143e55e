package event

import (
	"bytes"
	"errors"
	"io"

	"github.com/go-json-experiment/json/jsontext"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
)

// reader reads one JSON object of an event out of a larger body.
type reader func(dec *jsontext.Decoder, body []byte) (*posthastev1.Event, error)

// read reads one event or an array of them, and nothing after it.
func read(body []byte, limits Limits, one reader) (events []*posthastev1.Event, array bool, err error) {
	dec := newDecoder(body)
	switch dec.PeekKind() {
	case '{':
		events, err = readSingle(dec, body, limits, one)
	case '[':
		array = true
		events, err = readArray(dec, body, limits, one)
	default:
		err = notEvents(dec)
	}
	if err != nil {
		return nil, array, err
	}
	end := dec.InputOffset()
	if _, err := dec.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, array, fault("", "something follows the JSON value, which ends at byte %d", end)
	}
	return events, array, nil
}

func notEvents(dec *jsontext.Decoder) error {
	if _, err := dec.ReadToken(); err != nil {
		return notJSON(err)
	}
	return fault("", "the body must be a JSON object or an array of objects")
}

func readSingle(dec *jsontext.Decoder, body []byte, limits Limits, one reader) ([]*posthastev1.Event, error) {
	if err := limits.check(len(body)); err != nil {
		return nil, err
	}
	e, err := one(dec, body)
	if err != nil {
		return nil, err
	}
	return []*posthastev1.Event{e}, nil
}

func readArray(dec *jsontext.Decoder, body []byte, limits Limits, one reader) ([]*posthastev1.Event, error) {
	if _, err := dec.ReadToken(); err != nil {
		return nil, notJSON(err)
	}
	var events []*posthastev1.Event
	for dec.PeekKind() != ']' {
		i := len(events)
		if i == limits.BatchEvents {
			return nil, fault("", "the array has more than %d events (POSTHASTE_MAX_BATCH_EVENTS); send it in parts", limits.BatchEvents)
		}
		e, err := readElement(dec, body, limits, one)
		if err != nil {
			return nil, At(err, i)
		}
		events = append(events, e)
	}
	if _, err := dec.ReadToken(); err != nil {
		return nil, notJSON(err)
	}
	if len(events) == 0 {
		return nil, fault("", "the array is empty; send at least one event")
	}
	return events, nil
}

func readElement(dec *jsontext.Decoder, body []byte, limits Limits, one reader) (*posthastev1.Event, error) {
	if dec.PeekKind() != '{' {
		if _, err := dec.ReadToken(); err != nil {
			return nil, notJSON(err)
		}
		return nil, fault("", "must be a JSON object")
	}
	start := valueAt(body, dec.InputOffset())
	e, err := one(dec, body)
	if err != nil {
		return nil, err
	}
	return e, limits.check(int(dec.InputOffset()) - start)
}

// valueAt skips what stands between two elements. It is no part of either, so
// it does not count for their size.
func valueAt(body []byte, after int64) int {
	at := int(after)
	for at < len(body) && bytes.IndexByte([]byte(" \t\r\n,"), body[at]) >= 0 {
		at++
	}
	return at
}
