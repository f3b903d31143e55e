package ingest

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/posthaste/posthaste/services/internal/settings"
)

// invalid is the body of a 400 about one field.
func invalid(field, problem string) string {
	message := problem
	if field != "" {
		message = field + ": " + problem
	}
	return fmt.Sprintf(`{"error":{"code":"validation_error","message":%q,"details":{"fields":[{"field":%q,"message":%q}]}}}`, message, field, problem)
}

func TestBadEvents(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	const good = `{"type":"a","data":1}`
	for body, want := range map[string]string{
		``:                                     invalid("", "the body is not JSON: it ends too early"),
		`{"type":"a"}`:                         invalid("data", "is required; send null where there is none"),
		`{"data":1}`:                           invalid("type", "is required"),
		`{"type":"a.","data":1}`:               invalid("type", "empty token at byte 2"),
		`{"id":" ","type":"a","data":1}`:       `{"error":{"code":"validation_error","message":"id: character \" \" at byte 0, allowed are printable ASCII without spaces","details":{"fields":[{"field":"id","message":"character \" \" at byte 0, allowed are printable ASCII without spaces"}]}}}`,
		`{"tenant":"a.b","type":"a","data":1}`: `{"error":{"code":"validation_error","message":"tenant: character \".\" at byte 1, allowed are A-Z a-z 0-9 _ -","details":{"fields":[{"field":"tenant","message":"character \".\" at byte 1, allowed are A-Z a-z 0-9 _ -"}]}}}`,
		`{"type":"a","data":1,"timestamp":"now"}`:  invalid("timestamp", "must be a time in RFC 3339, such as 2026-01-15T10:30:00Z"),
		`{"type":"a","data":1,"when":1}`:           invalid("when", "unknown field; an event has id, tenant, type, timestamp and data"),
		`[` + good + `,` + good + `,{"type":"a"}]`: invalid("[2].data", "is required; send null where there is none"),
		`[{"type":"a","data":1,"x":1}]`:            invalid("[0].x", "unknown field; an event has id, tenant, type, timestamp and data"),
		`[{"data":1}]`:                             invalid("[0].type", "is required"),
		`[` + good + `,7]`:                         invalid("[1]", "must be a JSON object"),
		`[]`:                                       invalid("", "the array is empty; send at least one event"),
		good + good:                                invalid("", "something follows the JSON value, which ends at byte 21"),
	} {
		h.post(body).want(t, http.StatusBadRequest, want)
	}
	h.post(`[{"specversion":"1.0","id":"1","source":"s"}]`, "Content-Type", "application/cloudevents-batch+json").
		want(t, http.StatusBadRequest, invalid("[0].type", "is required by CloudEvents"))
	h.post(`{}`, "ce-id", "1", "ce-source", "s", "ce-type", "a").
		want(t, http.StatusBadRequest, invalid("specversion", "is required; this is CloudEvents 1.0"))
	h.post(`{}`, "ce-specversion", "1.0", "ce-id", "1", "ce-source", "s", "ce-type", "a", "ce-subject", "50%").
		want(t, http.StatusBadRequest, invalid("subject", "has a broken percent-encoding (CloudEvents HTTP binding, section 3.1.3.2)"))
	if got := h.count(); got != 0 {
		t.Errorf("%d events of refused requests are stored", got)
	}
}

func TestCutOffBody(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.url, io.MultiReader(strings.NewReader("{"), brokenReader{}))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+apiKey)
	req.Header.Set("Content-Type", "application/json")
	if resp, err := h.client.Do(req); err == nil {
		resp.Body.Close()
		t.Errorf("answer %d to a body that broke off", resp.StatusCode)
	}
	if got := h.count(); got != 0 {
		t.Errorf("%d events are stored", got)
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestUnauthorized(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	const how = `{"error":{"code":"unauthorized","message":"Send the API key as \"Authorization: Bearer <key>\".","details":{}}}`
	const unknown = `{"error":{"code":"unauthorized","message":"The API key is not known.","details":{}}}`
	for header, want := range map[string]string{
		"": how, "Bearer": how, "Bearer ": how, "Basic " + apiKey: how, apiKey: how,
		"Bearer wrong": unknown, "Bearer " + apiKey + "x": unknown, "Bearer " + apiKey[1:]: unknown,
	} {
		r := h.post(`not even read`, "Authorization", header)
		r.want(t, http.StatusUnauthorized, want)
		if got := r.header.Get("WWW-Authenticate"); got != `Bearer realm="posthaste"` {
			t.Errorf("WWW-Authenticate %q", got)
		}
	}
	if r := h.post(`{"type":"a","data":1}`, "Authorization", "bearer  "+apiKey); r.status != http.StatusAccepted {
		t.Errorf("a scheme in lower case: %d %s", r.status, r.body)
	}
}

func TestMethods(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete, http.MethodPatch} {
		r := h.do(method, nil)
		r.want(t, http.StatusMethodNotAllowed, `{"error":{"code":"method_not_allowed","message":"Events are sent with POST.","details":{}}}`)
		if got := r.header.Get("Allow"); got != "POST" {
			t.Errorf("Allow %q", got)
		}
	}
}

func TestMediaTypes(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	unsupported := func(what string) string {
		return fmt.Sprintf(`{"error":{"code":"unsupported_media_type","message":%q,"details":{}}}`, what)
	}
	send := unsupported("Unsupported media type: send application/json, application/cloudevents+json, application/cloudevents-batch+json, or a CloudEvent in binary mode.")
	const event = `{"type":"a","data":1}`
	for _, contentType := range []string{"", "text/plain", "application/x-www-form-urlencoded", "application/xml", "application/protobuf"} {
		h.post(event, "Content-Type", contentType).want(t, http.StatusUnsupportedMediaType, send)
	}
	h.post(event, "Content-Type", "a/b/c;;").want(t, http.StatusUnsupportedMediaType, unsupported("Unsupported media type: the Content-Type header cannot be read."))
	h.post(event, "Content-Type", "application/json; charset=latin1").want(t, http.StatusUnsupportedMediaType,
		`{"error":{"code":"unsupported_media_type","message":"Unsupported media type: send UTF-8, not \"latin1\".","details":{}}}`)
	h.post(event, "Content-Encoding", "gzip").want(t, http.StatusUnsupportedMediaType,
		`{"error":{"code":"unsupported_media_type","message":"Unsupported media type: send the body without Content-Encoding \"gzip\".","details":{}}}`)
	h.post("PNG", "Content-Type", "image/png", "ce-specversion", "1.0", "ce-id", "1", "ce-source", "/s", "ce-type", "a").
		want(t, http.StatusUnsupportedMediaType, `{"error":{"code":"unsupported_media_type","message":"Data of type \"image/png\" cannot be carried; send JSON or UTF-8 text.","details":{}}}`)
	if got := h.count(); got != 0 {
		t.Errorf("%d events of refused requests are stored", got)
	}
}

func TestTooLarge(t *testing.T) {
	t.Parallel()
	h := newHarness(t, func(c *configs) {
		c.event.MaxEventBytes, c.MaxBatchBytes = 1000, 4000
	})
	sized := func(n int) string {
		const frame = `{"type":"a","data":""}`
		return frame[:len(frame)-2] + strings.Repeat("x", n-len(frame)) + `"}`
	}
	const single = `{"error":{"code":"payload_too_large","message":"The event is larger than 1000 bytes (POSTHASTE_MAX_EVENT_BYTES).","details":{"limit":1000,"setting":"POSTHASTE_MAX_EVENT_BYTES"}}}`
	const second = `{"error":{"code":"payload_too_large","message":"Event [1] is larger than 1000 bytes (POSTHASTE_MAX_EVENT_BYTES).","details":{"index":1,"limit":1000,"setting":"POSTHASTE_MAX_EVENT_BYTES"}}}`
	const batch = `{"error":{"code":"payload_too_large","message":"The body is larger than 4000 bytes (POSTHASTE_MAX_BATCH_BYTES).","details":{"limit":4000,"setting":"POSTHASTE_MAX_BATCH_BYTES"}}}`
	for _, c := range []struct{ body, contentType, want string }{
		{sized(1001), "application/json", single},
		{" \n" + sized(50000), "application/json", single},
		{sized(1001), "application/cloudevents+json", single},
		{"[" + sized(500) + "," + sized(1001) + "]", "application/json", second},
		{"[" + strings.Repeat(sized(900)+",", 5) + "{}]", "application/json", batch},
		{strings.Repeat(" ", 4001), "application/json", batch},
	} {
		h.post(c.body, "Content-Type", c.contentType).want(t, http.StatusRequestEntityTooLarge, c.want)
		// With no Content-Length it is told while it is read.
		h.do(http.MethodPost, io.MultiReader(strings.NewReader(c.body)), "Content-Type", c.contentType).want(t, http.StatusRequestEntityTooLarge, c.want)
	}
	h.post(strings.Repeat("1", 1001), "ce-specversion", "1.0", "ce-id", "1", "ce-source", "/s", "ce-type", "a").want(t, http.StatusRequestEntityTooLarge, single)
	if got := h.count(); got != 0 {
		t.Errorf("%d events of refused requests are stored", got)
	}
	for _, body := range []string{sized(1000), "[" + sized(1000) + ", " + sized(1000) + "]"} {
		if r := h.post(body); r.status != http.StatusAccepted {
			t.Errorf("at the limit: %d %s", r.status, r.body)
		}
	}
}

func TestDefaultLimit(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.post(`{"type":"a","data":"`+strings.Repeat("x", int(256*settings.KiB))+`"}`).want(t, http.StatusRequestEntityTooLarge,
		`{"error":{"code":"payload_too_large","message":"The event is larger than 262144 bytes (POSTHASTE_MAX_EVENT_BYTES).","details":{"limit":262144,"setting":"POSTHASTE_MAX_EVENT_BYTES"}}}`)
}
