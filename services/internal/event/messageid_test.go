package event

import (
	"strings"
	"testing"
	"time"
)

const derivedID = "evt_01KF0K8Y5VM5VG5AEHE7G97WBZ"

func TestReadMessageMakesTheSameID(t *testing.T) {
	t.Parallel()
	id := func(change func(*Message)) string {
		m := message(`{"data":1}`)
		change(&m)
		e, err := ReadMessage(m, testLimits)
		if err != nil {
			t.Fatal(err)
		}
		return e.Id
	}
	derived := id(func(*Message) {})
	if derived != derivedID {
		t.Errorf("id %s, want %s as ever", derived, derivedID)
	}
	for name, change := range map[string]func(*Message){
		"sequence": func(m *Message) { m.Sequence++ },
		"subject":  func(m *Message) { m.Subject += "x" },
		"time":     func(m *Message) { m.Stored = m.Stored.Add(time.Second) },
	} {
		if id(change) == derived {
			t.Errorf("another %s gives the same id", name)
		}
	}
	for header, want := range map[string]string{
		"order-17": "order-17", "acme/order-17": "acme/order-17",
		"": derived, "has space": derived, strings.Repeat("x", 257): derived,
	} {
		for _, key := range []string{"Nats-Msg-Id", "nats-msg-id"} {
			if got := id(func(m *Message) { m.Header[key] = []string{header} }); got != want {
				t.Errorf("%s: %.20q gives %s, want %s", key, header, got, want)
			}
		}
	}
	if got := id(func(m *Message) {
		m.Data = []byte(`{"id":"own","data":1}`)
		m.Header["Nats-Msg-Id"] = []string{"other"}
	}); got != "own" {
		t.Errorf("id %s, want the event's own", got)
	}
}
