package event

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
)

func TestComplete(t *testing.T) {
	t.Parallel()
	e := &posthastev1.Event{Type: "a", Data: []byte("1")}
	if err := Complete(e, stored, func() string { return "made" }); err != nil {
		t.Fatal(err)
	}
	if e.Id != "made" || e.Tenant != DefaultTenant || !e.Time.AsTime().Equal(stored) {
		t.Errorf("completed to %v", e)
	}
	mine := &posthastev1.Event{Id: "i", Tenant: "t", Type: "a", Data: []byte("1"), Time: timestamppb.New(time.Unix(1, 0))}
	if err := Complete(mine, stored, nil); err != nil {
		t.Fatal(err)
	}
	if mine.Id != "i" || mine.Tenant != "t" || mine.Time.Seconds != 1 {
		t.Errorf("changed what was given: %v", mine)
	}
}

func TestCompleteErrors(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*posthastev1.Event){
		"type: is required":                                                                func(e *posthastev1.Event) { e.Type = "" },
		"type: empty token at byte 5":                                                      func(e *posthastev1.Event) { e.Type = "task." },
		"type: 129 bytes, at most 128 allowed":                                             func(e *posthastev1.Event) { e.Type = strings.Repeat("a", 129) },
		"tenant: 65 bytes, at most 64 allowed":                                             func(e *posthastev1.Event) { e.Tenant = strings.Repeat("a", 65) },
		"id: 257 bytes, at most 256 allowed":                                               func(e *posthastev1.Event) { e.Id = strings.Repeat("a", 257) },
		"source: 513 bytes, at most 512 allowed":                                           func(e *posthastev1.Event) { e.Source = strings.Repeat("a", 513) },
		"data: is required; send null where there is none":                                 func(e *posthastev1.Event) { e.Data = nil },
		`type: character "*" at byte 5, allowed are A-Z a-z 0-9 _ : / - and dots between`:  func(e *posthastev1.Event) { e.Type = "task.*" },
		`tenant: character "." at byte 1, allowed are A-Z a-z 0-9 _ -`:                     func(e *posthastev1.Event) { e.Tenant = "a.b" },
		`id: character "é" at byte 1, allowed are printable ASCII without spaces`:          func(e *posthastev1.Event) { e.Id = "aé" },
		`source: character "\xff" at byte 1, allowed are UTF-8 without control characters`: func(e *posthastev1.Event) { e.Source = "a\xff" },
		"subject: 4097 bytes, at most 4096 allowed":                                        func(e *posthastev1.Event) { e.Attributes = map[string]string{"subject": strings.Repeat("a", 4097)} },
		"subject: is not UTF-8":                                                            func(e *posthastev1.Event) { e.Attributes = map[string]string{"subject": "\xff"} },
		"id: this name is taken; an extension cannot have it":                              func(e *posthastev1.Event) { e.Attributes = map[string]string{"id": "x"} },
		"Big: an attribute's name has only lower-case letters and digits (CloudEvents 1.0, section 3.1)": func(e *posthastev1.Event) {
			e.Attributes = map[string]string{"Big": "x"}
		},
		"attributes: has 33 entries, at most 32 allowed": func(e *posthastev1.Event) {
			e.Attributes = map[string]string{}
			for i := range 33 {
				e.Attributes[fmt.Sprint("a", i)] = "x"
			}
		},
	} {
		e := &posthastev1.Event{Id: "i", Tenant: "t", Type: "a", Data: []byte("1")}
		change(e)
		wantError(t, Complete(e, stored, nil), want)
	}
}
