package e2e

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/posthaste/posthaste/pkg/producer"
	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
)

const producedData = `{"a": 1.0}`

// produced are the forms in which internal producers publish. Each holds an
// event of type job.done with the id that is its name.
func produced(t *testing.T, subject string) map[string]*nats.Msg {
	t.Helper()
	encoded, err := proto.Marshal(&posthastev1.Event{Id: "protobuf", Time: timestamppb.Now(), Data: []byte(producedData)})
	if err != nil {
		t.Fatal(err)
	}
	return map[string]*nats.Msg{
		"json":       message(subject, `{"id":"json","type":"job.done","data":`+producedData+`}`, "Content-Type", "application/json"),
		"plain":      message(subject, ` {"id":"plain","data":`+producedData+`}`),
		"structured": message(subject, `{"specversion":"1.0","id":"structured","source":"/e2e","type":"job.done","data":`+producedData+`}`, "Content-Type", "application/cloudevents+json"),
		"binary": message(subject, producedData, "ce-specversion", "1.0", "ce-id", "binary", "ce-source", "/e2e", "ce-type", "job.done",
			"Content-Type", "application/json"),
		"protobuf": message(subject, string(encoded), "Content-Type", "application/protobuf"),
	}
}

func message(subject, data string, headers ...string) *nats.Msg {
	msg := &nats.Msg{Subject: subject, Data: []byte(data), Header: nats.Header{}}
	for i := 0; i < len(headers); i += 2 {
		msg.Header[headers[i]] = []string{headers[i+1]}
	}
	return msg
}

// Events in every form arrive, with their data as it was published.
func testProducers(c scenario) {
	t, s, tenant := c.T, c.stack, c.tenant
	to := receive(t, nil)
	s.subscribe(t, to, wish{tenant: tenant, types: []string{"job.done"}})
	nc := connect(t, s.nats.url)
	ids := []string{"library"}
	for id, msg := range produced(t, "events."+tenant+".job.done") {
		ids = append(ids, id)
		send(t, nc, msg)
	}
	p, err := producer.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Publish(t.Context(), producer.Event{ID: "library", Tenant: tenant, Type: "job.done", Data: json.RawMessage(producedData)}); err != nil {
		t.Fatal(err)
	}
	if repeats := to.awaitAll(t, ids); repeats > 0 {
		t.Errorf("%d arrived twice", repeats)
	}
	for _, a := range to.all() {
		if string(a.event.Data) != producedData || a.event.Type != "job.done" {
			t.Errorf("%s arrived as %s", a.event.ID, a.body)
		}
	}
}

// send publishes and waits for the stream to have it.
func send(t *testing.T, nc *nats.Conn, msg *nats.Msg) {
	t.Helper()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.PublishMsg(t.Context(), msg); err != nil {
		t.Fatalf("publish to %s: %v", msg.Subject, err)
	}
}

// What cannot be read is set aside with the reason, and stops nothing.
func testRejected(c scenario) {
	t, s, tenant := c.T, c.stack, c.tenant
	to := receive(t, nil)
	s.subscribe(t, to, wish{tenant: tenant, types: []string{"*"}})
	nc, subject := connect(t, s.nats.url), "events."+tenant+".job.done"
	bad := map[string]*nats.Msg{ // by a word of the reason
		"neither JSON": message(subject, "\x00\xff no event"),
		"tenant":       message(subject, `{"tenant":"another","data":1}`),
		"type":         message(subject, `{"type":"job.begun","data":1}`),
		"an array":     message(subject, `[{"data":1}]`),
		"data":         message(subject, `{"type":"job.done"}`),
		"specversion":  message(subject, `{"specversion":"0.3","id":"1","source":"/","type":"job.done"}`),
		"image/png":    message(subject, `1`, "Content-Type", "image/png"),
		"larger than":  message(subject, `{"data":"`+strings.Repeat("x", 300<<10)+`"}`),
	}
	for _, msg := range bad {
		send(t, nc, msg)
	}
	s.deliver(t, to, tenant, "job.done")
	checkReasons(t, read(t, nc, "REJECTED", "rejected."+tenant, len(bad)), subject, bad)
	if n := to.count(); n != 1 {
		t.Errorf("%d POSTs, want that of the readable event", n)
	}
}

func checkReasons(t *testing.T, msgs []jetstream.Msg, subject string, words map[string]*nats.Msg) {
	t.Helper()
	var reasons []string
	for _, msg := range msgs {
		reasons = append(reasons, msg.Headers().Get("Posthaste-Reject-Reason"))
		if from := msg.Headers().Get("Posthaste-Reject-Subject"); from != subject {
			t.Errorf("rejected from %q, want %q", from, subject)
		}
	}
	for word := range words {
		if !strings.Contains(strings.Join(reasons, "\n"), word) {
			t.Errorf("no reason has %q: %q", word, reasons)
		}
	}
}
