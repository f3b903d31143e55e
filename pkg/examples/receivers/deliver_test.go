package receivers

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"
)

func TestTakes(t *testing.T) {
	t.Parallel()
	for name, w := range all() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := started(t, name)
			header := w.sign(secret, []byte(w.body))
			if status := post(t, r.URL, header, []byte(w.body)); status != http.StatusOK {
				t.Fatalf("status %d", status)
			}
			check(t, w, await(t, r, 1)[0], header)
		})
	}
}

func check(t *testing.T, w wire, got Event, sent http.Header) {
	t.Helper()
	if got.Type != w.want.Type || got.ID != w.want.ID {
		t.Errorf("got %s %s, want %s %s", got.Type, got.ID, w.want.Type, w.want.ID)
	}
	for name := range sent {
		if value := got.Headers[strings.ToLower(name)]; value != sent.Get(name) {
			t.Errorf("%s: %s arrived as %q", name, sent.Get(name), value)
		}
	}
	if gotData, wantData := decoded(t, got.Data), decoded(t, []byte(data)); !reflect.DeepEqual(gotData, wantData) {
		t.Errorf("data %s, want %s", got.Data, data)
	}
}

func decoded(t *testing.T, text []byte) any {
	t.Helper()
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		t.Fatalf("decode %s: %v", text, err)
	}
	return value
}

func await(t *testing.T, r *Receiver, n int) []Event {
	t.Helper()
	events, err := r.Await(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	return events
}

// filled is the event with so many KiB of data.
func (w wire) filled(kib int) []byte {
	return []byte(strings.Replace(w.body, data, `{"filling":"`+strings.Repeat("x", kib<<10)+`"}`, 1))
}

// Posthaste takes events of 256 KiB unless it is told otherwise; Express by itself stops at 100 KiB.
func TestTakesLarge(t *testing.T) {
	t.Parallel()
	for name, w := range all() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := started(t, name)
			const kib = 900
			body := w.filled(kib)
			if status := post(t, r.URL, w.sign(secret, body), body); status != http.StatusOK {
				t.Fatalf("status %d", status)
			}
			if got := len(await(t, r, 1)[0].Data); got < kib<<10 {
				t.Errorf("%d bytes of data arrived", got)
			}
		})
	}
}
