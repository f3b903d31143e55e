package event

import (
	"bytes"
	"errors"
	"testing"
	"time"
	"unsafe"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
)

var testLimits = Limits{EventBytes: 4096, BatchEvents: 1000}

var stored = time.Date(2026, 1, 15, 10, 30, 0, 123456789, time.UTC)

// wantError fails unless err reads want.
func wantError(tb testing.TB, err error, want string) {
	tb.Helper()
	if err == nil || err.Error() != want {
		tb.Errorf("error %q, want %q", err, want)
	}
}

// wantPath fails unless err is a FieldError at the path.
func wantPath(tb testing.TB, err error, path string) {
	tb.Helper()
	var field *FieldError
	if !errors.As(err, &field) || field.Path() != path {
		tb.Errorf("error %v, want a FieldError at %q", err, path)
	}
}

// one returns the only event, or fails.
func one(tb testing.TB, events []*posthastev1.Event, err error) *posthastev1.Event {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
	if len(events) != 1 {
		tb.Fatalf("%d events, want 1", len(events))
	}
	return events[0]
}

// aliases says whether part is a piece of whole's memory, and not a copy.
func aliases(whole, part []byte) bool {
	if len(part) == 0 {
		return true
	}
	start, at := uintptr(unsafe.Pointer(unsafe.SliceData(whole))), uintptr(unsafe.Pointer(unsafe.SliceData(part)))
	return at >= start && at+uintptr(len(part)) <= start+uintptr(len(whole)) && bytes.Contains(whole, part)
}
