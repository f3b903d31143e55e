package event

import (
	"bytes"

	"google.golang.org/protobuf/proto"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
)

// guess tells JSON from protobuf. No protobuf Event begins with a bracket, but
// all that have an id begin with a line feed, as JSON may too: behind white
// space only what is JSON to its end counts as JSON.
func guess(data []byte, limits Limits) (*posthastev1.Event, error) {
	trimmed := bytes.TrimLeft(data, " \t\r\n")
	if len(trimmed) == 0 || trimmed[0] != '{' && trimmed[0] != '[' {
		return readProtobuf(data, limits)
	}
	if len(trimmed) == len(data) || validJSON(data) {
		return readJSON(data, limits)
	}
	if e, err := readProtobuf(data, limits); err == nil {
		return e, nil
	}
	return readJSON(data, limits)
}

func readJSON(data []byte, limits Limits) (*posthastev1.Event, error) {
	if newDecoder(data).PeekKind() == '[' {
		return nil, fault("", "an array cannot be published on one subject; publish each event")
	}
	if isCloudEvent(data) {
		return only(ReadCloudEvent(data, limits))
	}
	events, _, err := ReadJSON(data, limits)
	return only(events, err)
}

// isCloudEvent says whether the object has a member specversion.
func isCloudEvent(data []byte) bool {
	dec := newDecoder(data)
	if token, err := dec.ReadToken(); err != nil || token.Kind() != '{' {
		return false
	}
	for dec.PeekKind() == '"' {
		name, err := dec.ReadToken()
		if err != nil {
			return false
		}
		if name.String() == "specversion" {
			return true
		}
		if err := dec.SkipValue(); err != nil {
			return false
		}
	}
	return false
}

func readProtobuf(data []byte, limits Limits) (*posthastev1.Event, error) {
	if err := limits.check(len(data)); err != nil {
		return nil, err
	}
	e := &posthastev1.Event{}
	if err := proto.Unmarshal(data, e); err != nil {
		return nil, fault("", "neither JSON nor a protobuf posthaste.v1.Event")
	}
	if e.Time != nil && e.Time.CheckValid() != nil {
		return nil, fault("time", "must lie in the years 0001 to 9999 UTC")
	}
	if err := checkData(e.Data); err != nil {
		return nil, err
	}
	return e, nil
}
