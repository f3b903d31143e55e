package event

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestReadJSON(t *testing.T) {
	t.Parallel()
	body := []byte(` { "data" : {"a": 1 , "a":2},"timestamp":"2026-01-15T11:30:00.5+01:00","type":"task.claimed" ,"id":"\u0065vt-1","tenant":"acme" } `)
	events, array, err := ReadJSON(body, testLimits)
	e := one(t, events, err)
	if array {
		t.Error("a single event counts as an array")
	}
	if e.Id != "evt-1" || e.Tenant != "acme" || e.Type != "task.claimed" {
		t.Errorf("read %v", e)
	}
	if got := e.Time.AsTime().Format("15:04:05.000"); got != "10:30:00.500" {
		t.Errorf("time %s", got)
	}
	if string(e.Data) != `{"a": 1 , "a":2}` || !aliases(body, e.Data) {
		t.Errorf("data %s, want the body's own bytes", e.Data)
	}
}

func TestReadJSONKeepsData(t *testing.T) {
	t.Parallel()
	for _, data := range []string{
		`null`, `true`, `""`, `0`, `-0.0e-10`, `[]`, `{}`,
		"{ \"a\" :\t[ 1,\r\n2 ] }",
		`123456789012345678901234567890.12345678901234567890e+400`,
		`{"k":1,"k":2,"k":{"k":3}}`,
		`"\u0000\/\ud83d\ude00"`, `"😀é` + "\u2028" + `"`,
		`"\ud800 alone"`, // half a pair is JSON (RFC 8259, section 8.2)
		`"<script>&amp;"`,
		strings.Repeat("[", 500) + strings.Repeat("]", 500),
	} {
		events, _, err := ReadJSON([]byte(`{"type":"a","data":`+data+`}`), testLimits)
		if e := one(t, events, err); string(e.Data) != data {
			t.Errorf("data %s became %s", data, e.Data)
		}
	}
}

func TestReadJSONNull(t *testing.T) {
	t.Parallel()
	events, _, err := ReadJSON([]byte(`{"id":null,"tenant":null,"type":null,"timestamp":null,"data":null}`), testLimits)
	e := one(t, events, err)
	if e.Id != "" || e.Tenant != "" || e.Type != "" || e.Time != nil || string(e.Data) != "null" {
		t.Errorf("null is not absent: %v", e)
	}
}

func TestReadJSONErrors(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		``:                         "the body is not JSON: it ends too early",
		`   `:                      "the body is not JSON: it ends too early",
		`nope`:                     "the body is not JSON: invalid character 'o' in literal null (expecting 'u') at byte 1",
		`"text"`:                   "the body must be a JSON object or an array of objects",
		`null`:                     "the body must be a JSON object or an array of objects",
		`{`:                        "the body is not JSON: it ends too early",
		`{"type"`:                  "type: not JSON: it ends too early",
		`{"type":`:                 "type: not JSON: it ends too early",
		`{"type":"a"`:              "the body is not JSON: it ends too early",
		`{"type":"a",}`:            "the body is not JSON: invalid character ',' at start of value at byte 11",
		`{"data":{"a":tru}}`:       "data: not JSON: invalid character '}' in literal true (expecting 'e') at byte 16",
		`{"type":"a","data":1} x`:  "something follows the JSON value, which ends at byte 21",
		`{"type":"a","data":1}{}`:  "something follows the JSON value, which ends at byte 21",
		`[{"type":"a","data":1}]]`: "something follows the JSON value, which ends at byte 23",
		`[]`:                       "the array is empty; send at least one event",
		`[`:                        "[0]: the body is not JSON: it ends too early",
		`[{"type":"a"},`:           "[1]: the body is not JSON: it ends too early",
		`[{"type":"a"} {}]`:        "[1]: the body is not JSON: invalid character '{' after array element (expecting ',' or ']') at byte 14",
		`[{},null]`:                "[1]: must be a JSON object",
		`[[{}]]`:                   "[0]: must be a JSON object",
		`{"typ":1}`:                "typ: unknown field; an event has id, tenant, type, timestamp and data",
		`{"Type":1}`:               "Type: unknown field; an event has id, tenant, type, timestamp and data",
		`{"a b\n":1}`:              `"a b\n": unknown field; an event has id, tenant, type, timestamp and data`,
		`{"id":"1","id":"2"}`:      "id: stands twice",
		`{"data":1,"d\u0061ta":2}`: "data: stands twice",
		`{"id":""}`:                "id: is empty; leave the field out instead",
		`{"tenant":""}`:            "tenant: is empty; leave the field out instead",
		`{"id":7}`:                 "id: must be a string",
		`{"tenant":{}}`:            "tenant: must be a string",
		`{"type":["a"]}`:           "type: must be a string",
		`{"type":true}`:            "type: must be a string",
		`{"timestamp":1768473000}`: "timestamp: must be a string",
		`{"timestamp":""}`:         "timestamp: must be a time in RFC 3339, such as 2026-01-15T10:30:00Z",
		`{"id":"\ud800"}`:          "id: not a string in Unicode: half a surrogate pair",
		"{\"data\":\"\xff\"}":      "data: is not UTF-8",
		"{\"id\":\"\xc3\x28\"}":    "id: is not UTF-8",
		"{\"\xff\":1}":             "\"\ufffd\": unknown field; an event has id, tenant, type, timestamp and data",
		`[{"type":"a","data":1},{"type":"a","data":1},{"type":"a","x":1}]`: "[2].x: unknown field; an event has id, tenant, type, timestamp and data",
	} {
		events, _, err := ReadJSON([]byte(body), testLimits)
		if events != nil {
			t.Errorf("%s: events beside the error", body)
		}
		t.Run(body, func(t *testing.T) { t.Parallel(); wantError(t, err, want) })
	}
}

func TestReadJSONTimestamps(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"2026-01-15T10:30:00Z":               "2026-01-15T10:30:00Z",
		"2026-01-15T10:30:00.123456789Z":     "2026-01-15T10:30:00.123456789Z",
		"2026-01-15T10:30:00+05:45":          "2026-01-15T04:45:00Z",
		"1960-01-01T00:00:00Z":               "1960-01-01T00:00:00Z",
		"9999-12-31T23:59:59.999999999Z":     "9999-12-31T23:59:59.999999999Z",
		"2024-02-29T00:00:00Z":               "2024-02-29T00:00:00Z",
		"0000-01-01T00:00:00Z":               "",
		"0001-01-01T00:00:00+01:00":          "", // the year 0 in UTC
		"9999-12-31T23:59:59-01:00":          "", // the year 10000 in UTC
		"2025-02-29T00:00:00Z":               "",
		"2026-01-15T10:30:00":                "",
		"2026-01-15 10:30:00Z":               "",
		"2026-01-15T10:30:00,5Z":             "",
		"2026-01-15T1:30:00Z":                "",
		"2026-01-15T10:30:00+25:00":          "",
		"2026-01-15":                         "",
		"Thu, 15 Jan 2026 10:30:00 GMT":      "",
		"2026-01-15T10:30:00Z and then some": "",
		"+2026-01-15T10:30:00Z":              "",
		"10000-01-01T00:00:00Z":              "",
		"2026-01-15T10:30:00.Z":              "",
		"2026-01-15T24:00:00Z":               "",
	} {
		events, _, err := ReadJSON([]byte(`{"type":"a","data":1,"timestamp":"`+text+`"}`), testLimits)
		if want == "" {
			t.Run(text, func(t *testing.T) { t.Parallel(); wantPath(t, err, "timestamp") })
			continue
		}
		if e := one(t, events, err); e.Time.AsTime().Format("2006-01-02T15:04:05.999999999Z07:00") != want {
			t.Errorf("%s is %s, want %s", text, e.Time.AsTime(), want)
		}
	}
}

func TestReadJSONBatchLimit(t *testing.T) {
	t.Parallel()
	of := func(n int) []byte {
		return []byte("[" + strings.Repeat(`{"type":"a","data":1},`, n-1) + `{"type":"a","data":1}]`)
	}
	events, array, err := ReadJSON(of(1000), testLimits)
	if err != nil || len(events) != 1000 || !array {
		t.Errorf("1000 events: %d, %t, %v", len(events), array, err)
	}
	_, _, err = ReadJSON(of(1001), testLimits)
	wantError(t, err, "the array has more than 1000 events (POSTHASTE_MAX_BATCH_EVENTS); send it in parts")
}

func TestReadJSONSize(t *testing.T) {
	t.Parallel()
	sized := func(n int) string {
		const frame = `{"type":"a","data":""}`
		return frame[:len(frame)-2] + strings.Repeat("x", n-len(frame)) + `"}`
	}
	limits := Limits{EventBytes: 100, BatchEvents: 10}
	for body, index := range map[string]int{
		sized(101):             -1,
		"[" + sized(101) + "]": 0,
		"[" + sized(100) + ",\n\t " + sized(101) + "]": 1,
	} {
		_, _, err := ReadJSON([]byte(body), limits)
		var size *SizeError
		if !errors.As(err, &size) || *size != (SizeError{Index: index, Limit: 100, Setting: "POSTHASTE_MAX_EVENT_BYTES"}) {
			t.Errorf("index %d: error %v", index, err)
		}
	}
	for _, body := range []string{sized(100), "[" + sized(100) + ",   \r\n " + sized(100) + " , " + sized(100) + "]"} {
		if _, _, err := ReadJSON([]byte(body), limits); err != nil {
			t.Errorf("at the limit: %v", err)
		}
	}
}

func TestErrorsStayShort(t *testing.T) {
	t.Parallel()
	_, _, err := ReadJSON(fmt.Appendf(nil, `{"%s":1}`, strings.Repeat("n", 3000)), testLimits)
	if err == nil || len(err.Error()) > 200 {
		t.Errorf("error of %d bytes", len(fmt.Sprint(err)))
	}
}

func TestErrorTexts(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"the event is larger than 5 bytes (S)": &SizeError{Index: -1, Limit: 5, Setting: "S"},
		"event [3] is larger than 5 bytes (S)": At(&SizeError{Index: -1, Limit: 5, Setting: "S"}, 3),
		"the body is larger than 5 bytes (S)":  &SizeError{Index: -1, Body: true, Limit: 5, Setting: "S"},
		"[2].id: bad":                          At(fault("id", "bad"), 2),
		"[0]: bad":                             At(fault("", "bad"), 0),
		"bad":                                  fault("", "bad"),
		"unsupported media type":               At(ErrMediaType, 1),
	} {
		wantError(t, err, want)
	}
}
