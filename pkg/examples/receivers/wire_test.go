package receivers

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
)

// mac is the signature of all three systems: the key is the secret as it is written.
func mac(key string, body []byte) string {
	h := hmac.New(sha256.New, []byte(key))
	h.Write(body)
	return hex.EncodeToString(h.Sum(nil))
}

// A wire is how a system delivers the one event of these tests.
type wire struct {
	receivers []string
	signature string   // name of the header
	prefix    string   // of its value
	required  []string // headers beside it, without which nothing is accepted
	header    http.Header
	body      string
	want      Event
}

func (w wire) sign(key string, body []byte) http.Header {
	header := w.header.Clone()
	header.Set(w.signature, w.prefix+mac(key, body))
	return header
}

// The bodies hold what a parser that writes JSON again would change.
const data = `{"taskId":"t1",  "price":1.0, "title":"Gr\u00fc\u00dfe, Grüße 🚀", "senderAid":"a1"}`

func wires() []wire {
	return []wire{
		{
			receivers: []string{Neiracore},
			signature: "x-neiracore-signature",
			header:    headers(),
			body:      `{"id":"evt_1","type":"thread.message","timestamp":"2025-01-15T10:30:00Z","data":` + data + `}`,
			want:      Event{Type: "thread.message", ID: "evt_1"},
		},
		{
			receivers: []string{AICityExpress, AICityHono},
			signature: "X-City-Signature", prefix: "sha256=",
			header: headers("X-City-Event: task.assigned", "X-City-Delivery: dlv_1", "X-City-Timestamp: 2025-01-15T10:30:00.000Z"),
			body:   `{"event":"task.assigned","data":` + data + `,"timestamp":"2025-01-15T10:30:00.000Z","webhookId":"dlv_1"}`,
			want:   Event{Type: "task.assigned", ID: "dlv_1"},
		},
		{
			receivers: []string{AgentRail},
			signature: "x-agentrail-signature", prefix: "sha256=",
			required: []string{"x-agentrail-subscription-id", "x-agentrail-event-id", "x-agentrail-event-type", "x-agentrail-delivery-id", "x-agentrail-delivery-attempt"},
			header: headers("x-agentrail-subscription-id: evsub_1", "x-agentrail-event-id: evt_1", "x-agentrail-event-type: task.updated",
				"x-agentrail-delivery-id: dlv_1", "x-agentrail-delivery-attempt: 1"),
			body: `{"id":"evt_1","type":"task.updated","occurredAt":"2025-01-15T10:30:00Z","sequence":7,"taskVersion":2,"traceId":"tr_1","data":` + data + `}`,
			want: Event{Type: "task.updated", ID: "evt_1"},
		},
	}
}

// all are the names of the receivers, each with what it is to be sent.
func all() map[string]wire {
	named := make(map[string]wire)
	for _, w := range wires() {
		for _, name := range w.receivers {
			named[name] = w
		}
	}
	return named
}
