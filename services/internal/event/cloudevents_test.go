package event

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// ce is a CloudEvent in the JSON format with further members.
func ce(more string) []byte {
	return []byte(`{"specversion":"1.0","id":"A-1","source":"/s","type":"com.example.t"` + more + `}`)
}

func TestReadCloudEvent(t *testing.T) {
	t.Parallel()
	body := ce(`,"time":"2018-04-05T17:31:00Z","subject":"123","dataschema":"http://x/y","datacontenttype":"application/json",
		"comexampleextension1":"value","comexampleothervalue":5,"flag":true,"nothing":null,"tenant":"acme","data":{"a" : 1}`)
	events, err := ReadCloudEvent(body, testLimits)
	e := one(t, events, err)
	if e.Id != "A-1" || e.Source != "/s" || e.Type != "com.example.t" || e.Tenant != "acme" || e.Time.Seconds != 1522949460 {
		t.Errorf("read %v", e)
	}
	want := map[string]string{"subject": "123", "dataschema": "http://x/y", "comexampleextension1": "value", "comexampleothervalue": "5", "flag": "true"}
	if diff := cmp.Diff(want, e.Attributes); diff != "" {
		t.Error(diff)
	}
	if string(e.Data) != `{"a" : 1}` || !aliases(body, e.Data) {
		t.Errorf("data %s", e.Data)
	}
}

func TestCloudEventData(t *testing.T) {
	t.Parallel()
	b64 := func(s string) string { return `"` + base64.StdEncoding.EncodeToString([]byte(s)) + `"` }
	for _, c := range []struct{ more, data, contentType string }{
		{``, `null`, ""},
		{`,"data":null`, `null`, ""},
		{`,"data":null,"data_base64":null`, `null`, ""},
		{`,"data":"text","datacontenttype":"text/plain"`, `"text"`, "text/plain"},
		{`,"data":"<x/>","datacontenttype":"application/xml"`, `"<x/>"`, "application/xml"},
		{`,"data":"text"`, `"text"`, ""},
		{`,"data":{"a":1},"datacontenttype":"application/vnd.x+json; charset=utf-8"`, `{"a":1}`, ""},
		{`,"datacontenttype":"application/json","data_base64":` + b64(`{"a": 1}`), `{"a": 1}`, ""},
		{`,"datacontenttype":"image/png","data_base64":` + b64("\x89PNG"), b64("\x89PNG"), "image/png"},
		{`,"data_base64":` + b64(`[1]`), `[1]`, ""},
		{`,"data_base64":` + b64("\x00\x01"), b64("\x00\x01"), ""},
		{`,"data_base64":""`, `""`, ""},
	} {
		events, err := ReadCloudEvent(ce(c.more), testLimits)
		e := one(t, events, err)
		if string(e.Data) != c.data || e.Attributes["datacontenttype"] != c.contentType {
			t.Errorf("%s: data %s of type %q", c.more, e.Data, e.Attributes["datacontenttype"])
		}
	}
}

func TestReadCloudEventErrors(t *testing.T) {
	t.Parallel()
	const nameRule = ": an attribute's name has only lower-case letters and digits (CloudEvents 1.0, section 3.1)"
	const valueRule = ": must be a string, a boolean or an integer of 32 bits (CloudEvents 1.0, section 3)"
	for body, want := range map[string]string{
		`{"id":"1","source":"s","type":"t"}`:                                     "specversion: is required; this is CloudEvents 1.0",
		`{"specversion":"0.3","id":"1","source":"s","type":"t"}`:                 `specversion: must be 1.0, is "0.3"`,
		`{"specversion":"1.","id":"1","source":"s","type":"t"}`:                  `specversion: must be 1.0, is "1."`,
		`{"specversion":1.0,"id":"1","source":"s","type":"t"}`:                   "specversion: must be a string",
		`{"specversion":"1.0","source":"s","type":"t"}`:                          "id: is required by CloudEvents",
		`{"specversion":"1.0","id":"","source":"s","type":"t"}`:                  "id: is required by CloudEvents",
		`{"specversion":"1.0","id":null,"source":"s","type":"t"}`:                "id: is required by CloudEvents",
		`{"specversion":"1.0","id":5,"source":"s","type":"t"}`:                   "id: must be a string",
		`{"specversion":"1.0","id":"1","type":"t"}`:                              "source: is required by CloudEvents",
		`{"specversion":"1.0","id":"1","source":"s"}`:                            "type: is required by CloudEvents",
		string(ce(`,"time":"yesterday"`)):                                        "time: must be a time in RFC 3339, such as 2026-01-15T10:30:00Z",
		string(ce(`,"time":5`)):                                                  "time: must be a string",
		string(ce(`,"Ext":"x"`)):                                                 "Ext" + nameRule,
		string(ce(`,"my_ext":"x"`)):                                              "my_ext" + nameRule,
		string(ce(`,"":"x"`)):                                                    "an attribute's name has 1 to 64 characters",
		string(ce(`,"ext":{}`)):                                                  "ext" + valueRule,
		string(ce(`,"ext":1.5`)):                                                 "ext" + valueRule,
		string(ce(`,"ext":2147483648`)):                                          "ext" + valueRule,
		string(ce(`,"data":1,"data_base64":"MQ=="`)):                             "data_base64: stands beside data; send one of the two",
		string(ce(`,"data_base64":"*"`)):                                         "data_base64: is not base64: illegal base64 data at input byte 0",
		string(ce(`,"data_base64":7`)):                                           "data_base64: must be a string",
		string(ce(`,"datacontenttype":"application/json","data_base64":"AA=="`)): "data_base64: does not hold one JSON value, which datacontenttype promises",
		`[]`: "an array of events goes as application/cloudevents-batch+json",
		string(ce(strings.Repeat(" ", 5) + `,"id":"B"`)): "id: stands twice",
	} {
		_, err := ReadCloudEvent([]byte(body), testLimits)
		t.Run(body, func(t *testing.T) { t.Parallel(); wantError(t, err, want) })
	}
}

// Names are compared with one another, so that many of them would be slow.
func TestCloudEventWithManyMembers(t *testing.T) {
	t.Parallel()
	var more strings.Builder
	for i := range 70 {
		fmt.Fprintf(&more, `,"a%d":null`, i)
	}
	_, err := ReadCloudEvent(ce(more.String()), testLimits)
	wantError(t, err, "the event has more than 64 fields")
}

func TestReadCloudEventBatch(t *testing.T) {
	t.Parallel()
	body := fmt.Appendf(nil, "[%s, %s]", ce(`,"data":1`), ce(`,"data": 2`))
	events, err := ReadCloudEventBatch(body, testLimits)
	if err != nil || len(events) != 2 || string(events[1].Data) != "2" {
		t.Errorf("read %v, %v", events, err)
	}
	_, err = ReadCloudEventBatch(fmt.Appendf(nil, `[%s,{"specversion":"1.0"}]`, ce("")), testLimits)
	wantError(t, err, "[1].id: is required by CloudEvents")
	_, err = ReadCloudEventBatch(ce(""), testLimits)
	wantError(t, err, "a single event goes as application/cloudevents+json")
	// The specification allows an empty batch; there is nothing to accept in it.
	_, err = ReadCloudEventBatch([]byte(`[]`), testLimits)
	wantError(t, err, "the array is empty; send at least one event")
}

// ceHeaders are the headers of an event in binary mode.
func ceHeaders(more ...string) map[string]string {
	h := map[string]string{"specversion": "1.0", "id": "A-1", "source": "/s", "type": "t"}
	for i := 0; i < len(more); i += 2 {
		h[more[i]] = more[i+1]
	}
	return h
}

func TestReadCloudEventBinary(t *testing.T) {
	t.Parallel()
	headers := ceHeaders("subject", "Euro%20%E2%82%AC%20%f0%9f%98%80", "quoted", `"a \"b\" \\ %41"`, "plain", "a+b", "one", `"`,
		"time", "2026-01-15T10:30:00Z", "tenant", "acme")
	data := []byte("{ \"a\":1}\n")
	e, err := ReadCloudEventBinary(headers, "application/json; charset=utf-8", data, testLimits)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"subject": "Euro € 😀", "quoted": `a "b" \ A`, "plain": "a+b", "one": `"`}
	if diff := cmp.Diff(want, e.Attributes); diff != "" {
		t.Error(diff)
	}
	if !aliases(data, e.Data) || len(e.Data) != len(data) || e.Tenant != "acme" || e.Time.Seconds != 1768473000 {
		t.Errorf("read %v", e)
	}
}

func TestCloudEventBinaryData(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ contentType, sent, want string }{
		{"", `{"a":1}`, `{"a":1}`},
		{"application/json", ``, `null`},
		{"image/png", ``, `null`},
		{"Text/Plain", "a\"b\n", `"a\"b\n"`},
		{"text/xml; charset=utf-8", "<é/>", `"<é/>"`},
		{"Application/Vnd.x+JSON", `[1]`, `[1]`},
	} {
		e, err := ReadCloudEventBinary(ceHeaders(), c.contentType, []byte(c.sent), testLimits)
		if err != nil || string(e.GetData()) != c.want {
			t.Errorf("%s %q: %s, %v", c.contentType, c.sent, e.GetData(), err)
		}
	}
}

func TestReadCloudEventBinaryErrors(t *testing.T) {
	t.Parallel()
	read := func(h map[string]string, contentType, data string) error {
		_, err := ReadCloudEventBinary(h, contentType, []byte(data), testLimits)
		return err
	}
	wantError(t, read(ceHeaders("subject", "100%"), "", "1"), "subject: has a broken percent-encoding (CloudEvents HTTP binding, section 3.1.3.2)")
	wantError(t, read(ceHeaders("subject", "%C0%A0"), "", "1"), "subject: is not UTF-8")
	wantError(t, read(ceHeaders("subject", "\xff"), "", "1"), "subject: is not UTF-8")
	wantError(t, read(ceHeaders("data", "x"), "", "1"), "data: this name is taken; an extension cannot have it")
	wantError(t, read(ceHeaders("a-b", "x", "c-d", "x"), "", "1"), "a-b: an attribute's name has only lower-case letters and digits (CloudEvents 1.0, section 3.1)")
	wantError(t, read(map[string]string{"id": "1"}, "", "1"), "specversion: is required; this is CloudEvents 1.0")
	wantError(t, read(ceHeaders(), "application/json", "{} {}"), "data: is not one JSON value in UTF-8")
	wantError(t, read(ceHeaders(), "application/json", "\"\xff\""), "data: is not one JSON value in UTF-8")
	for contentType, data := range map[string]string{"application/octet-stream": "x", "text/plain": "\xff", "nonsense;;": "x"} {
		if err := read(ceHeaders(), contentType, data); !errors.Is(err, ErrMediaType) {
			t.Errorf("%s: error %v", contentType, err)
		}
	}
	var size *SizeError
	if err := read(ceHeaders(), "", strings.Repeat("1", 4097)); !errors.As(err, &size) {
		t.Errorf("too large: %v", err)
	}
	if err := read(ceHeaders(), "text/plain", strings.Repeat("\x01", 1000)); !errors.As(err, &size) {
		t.Errorf("too large once quoted: %v", err)
	}
}

// A CloudEvent whose names we cannot carry is told so when it is completed.
func TestCloudEventNames(t *testing.T) {
	t.Parallel()
	events, err := ReadCloudEvent([]byte(`{"specversion":"1.0","id":"with space","source":"s","type":"t"}`), testLimits)
	e := one(t, events, err)
	wantError(t, Complete(e, stored, nil), `id: character " " at byte 4, allowed are printable ASCII without spaces`)
}
