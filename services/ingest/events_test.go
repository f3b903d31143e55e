package ingest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
)

func TestAcceptedAndRepeated(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	const data = "{ \"a\" : 1,\n\"a\":2, \"n\": 123456789012345678901234567890.10, \"s\":\"\\u00e9 é <&> \\ud800\" }"
	body := `{"data":` + data + `,"type":"task.claimed","id":"order-1","tenant":"acme","timestamp":"2026-01-15T10:30:00Z"}`
	h.post(body).want(t, http.StatusAccepted, `{"data":[{"id":"order-1","duplicate":false}]}`)
	h.post(body).want(t, http.StatusAccepted, `{"data":[{"id":"order-1","duplicate":true}]}`)
	if got := h.count(); got != 1 {
		t.Errorf("%d events are stored, want 1", got)
	}
	msg, e := h.stored(1)
	if msg.Subject != "events.acme.task.claimed" {
		t.Errorf("stored on %s", msg.Subject)
	}
	if diff := cmp.Diff(nats.Header{"Nats-Msg-Id": {"acme/order-1"}, "Content-Type": {"application/protobuf"}}, msg.Header); diff != "" {
		t.Error(diff)
	}
	want := &posthastev1.Event{Id: "order-1", Tenant: "acme", Type: "task.claimed", Data: []byte(data), Time: &timestamppb.Timestamp{Seconds: 1768473000}}
	if diff := cmp.Diff(want, e, protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	before := time.Now()
	r := h.post(`{"type":"a","data":null}`, "Content-Type", "Application/JSON; charset=UTF-8", "Content-Encoding", "identity")
	if !regexp.MustCompile(`^\{"data":\[\{"id":"evt_[0-9A-Z]{26}","duplicate":false\}\]\}\n$`).MatchString(r.body) || r.status != http.StatusAccepted {
		t.Errorf("answer %d %s", r.status, r.body)
	}
	if got := h.post(`{"id":"<&>","type":"a","data":1}`).body; got != `{"data":[{"id":"<&>","duplicate":false}]}`+"\n" {
		t.Errorf("answer %s", got)
	}
	msg, e := h.stored(1)
	if msg.Subject != "events.default.a" || e.Tenant != "default" || string(e.Data) != "null" {
		t.Errorf("stored %v on %s", e, msg.Subject)
	}
	if at := e.Time.AsTime(); at.Before(before.Add(-time.Second)) || at.After(time.Now().Add(time.Second)) {
		t.Errorf("time %s, want about now", at)
	}
}

// The same id is another event where the tenant or the source differs.
func TestIdsArePerTenantAndSource(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.post(`[{"id":"1","type":"a","data":1},{"id":"1","type":"a","data":1,"tenant":"acme"},{"id":"1","type":"b","data":2}]`).
		want(t, http.StatusAccepted, `{"data":[{"id":"1","duplicate":false},{"id":"1","duplicate":false},{"id":"1","duplicate":true}]}`)
	h.post(`{"specversion":"1.0","id":"1","source":"/s","type":"a"}`, "Content-Type", "application/cloudevents+json").
		want(t, http.StatusAccepted, `{"data":[{"id":"1","duplicate":false}]}`)
	if got := h.count(); got != 3 {
		t.Errorf("%d events are stored, want 3", got)
	}
}

func TestArrayOfThousand(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	one := func(i int) string { return fmt.Sprintf(`{"id":"e%d","type":"a","data":%d}`, i, i) }
	events := make([]string, 1001)
	for i := range events {
		events[i] = one(i)
	}
	h.post("["+strings.Join(events, ",")+"]").want(t, http.StatusBadRequest,
		`{"error":{"code":"validation_error","message":"the array has more than 1000 events (POSTHASTE_MAX_BATCH_EVENTS); send it in parts",`+
			`"details":{"fields":[{"field":"","message":"the array has more than 1000 events (POSTHASTE_MAX_BATCH_EVENTS); send it in parts"}]}}}`)
	if got := h.count(); got != 0 {
		t.Errorf("%d events of a refused array are stored", got)
	}
	r := h.post("[" + strings.Join(events[:1000], ",") + "]")
	var answer accepted
	if err := json.Unmarshal([]byte(r.body), &answer); err != nil || r.status != http.StatusAccepted || len(answer.Data) != 1000 {
		t.Fatalf("answer %d with %d events: %v", r.status, len(answer.Data), err)
	}
	for i, got := range answer.Data {
		if want := fmt.Sprintf("e%d", i); got.ID != want || got.Duplicate {
			t.Fatalf("answer %d is %+v, want %s", i, got, want)
		}
	}
	if got := h.count(); got != 1000 {
		t.Errorf("%d events are stored, want 1000", got)
	}
}

func TestCloudEvents(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	const one = `{"specversion":"1.0","id":"%s","source":"/s","type":"com.example","subject":"x","data":{ "a":1}}`
	h.post(fmt.Sprintf(one, "structured"), "Content-Type", "application/cloudevents+json; charset=utf-8").
		want(t, http.StatusAccepted, `{"data":[{"id":"structured","duplicate":false}]}`)
	h.post(fmt.Sprintf("["+one+","+one+"]", "b1", "b2"), "Content-Type", "application/cloudevents-batch+json").
		want(t, http.StatusAccepted, `{"data":[{"id":"b1","duplicate":false},{"id":"b2","duplicate":false}]}`)
	h.post(`{ "a":1}`, "ce-specversion", "1.0", "ce-id", "binary", "ce-source", "/s", "ce-type", "com.example", "ce-subject", "x").
		want(t, http.StatusAccepted, `{"data":[{"id":"binary","duplicate":false}]}`)
	for i, id := range []string{"structured", "b1", "b2", "binary"} {
		msg, e := h.stored(uint64(i + 1))
		e.Time = nil
		want := &posthastev1.Event{Id: id, Tenant: "default", Type: "com.example", Source: "/s", Attributes: map[string]string{"subject": "x"}, Data: []byte(`{ "a":1}`)}
		if diff := cmp.Diff(want, e, protocmp.Transform()); diff != "" {
			t.Errorf("%s: %s", id, diff)
		}
		if got := msg.Header.Get("Nats-Msg-Id"); got != "default/%2Fs/"+id {
			t.Errorf("message id %s", got)
		}
	}
}

func TestCloudEventText(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.post("a \"quoted\" é", "Content-Type", "text/plain; charset=utf-8", "ce-specversion", "1.0", "ce-id", "1", "ce-source", "/s",
		"ce-type", "a", "ce-subject", "Euro%20%E2%82%AC").want(t, http.StatusAccepted, `{"data":[{"id":"1","duplicate":false}]}`)
	_, e := h.stored(1)
	want := map[string]string{"subject": "Euro €", "datacontenttype": "text/plain; charset=utf-8"}
	if diff := cmp.Diff(want, e.Attributes); diff != "" || string(e.Data) != `"a \"quoted\" é"` {
		t.Errorf("data %s, attributes %s", e.Data, diff)
	}
}

func TestTrace(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	const parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	body := func(id int) string {
		return fmt.Sprintf(`[{"id":"%d","type":"a","data":1},{"id":"%d-b","type":"a","data":1}]`, id, id)
	}
	for i, c := range []struct{ parent, state, wantParent, wantState string }{
		{parent, "vendor=1", parent, "vendor=1"},
		{parent, "", parent, ""},
		{"nonsense", "vendor=1", "", ""},
		{parent, strings.Repeat("x", 3000), parent, ""},
	} {
		h.post(body(i), "traceparent", c.parent, "tracestate", c.state)
		for _, sequence := range []int{2*i + 1, 2*i + 2} {
			msg, _ := h.stored(uint64(sequence))
			// NATS looks headers up by their exact spelling.
			if got := msg.Header["traceparent"]; strings.Join(got, "|") != c.wantParent {
				t.Errorf("%+v: traceparent %q", c, got)
			}
			if got := msg.Header["tracestate"]; strings.Join(got, "|") != c.wantState {
				t.Errorf("%+v: tracestate %q", c, got)
			}
		}
	}
}

func TestManyClients(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	const clients, requests = 50, 10
	var all sync.WaitGroup
	for client := range clients {
		all.Go(func() {
			for i := range requests {
				// Every event is sent by two clients, one of them in an array.
				id := fmt.Sprintf("%d-%d", client/2, i)
				body := fmt.Sprintf(`{"id":%q,"type":"a","data":%q}`, id, id)
				if client%2 == 1 {
					body = fmt.Sprintf(`[%s,{"id":"only-%s","type":"a","data":1}]`, body, id)
				}
				if r := h.post(body); r.status != http.StatusAccepted {
					t.Errorf("answer %d %s", r.status, r.body)
				}
			}
		})
	}
	all.Wait()
	if got, want := h.count(), clients*requests; got != want {
		t.Errorf("%d events are stored, want %d", got, want)
	}
}
