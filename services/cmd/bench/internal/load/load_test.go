package load

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestMark(t *testing.T) {
	t.Parallel()
	s := NewSource("t", "bench.event", 1024)
	at := time.Unix(0, 1_700_000_000_123_456_789)
	for want := range int64(3) {
		data, _ := s.Data(at)
		if len(data) != 1024 || !json.Valid(data) {
			t.Fatalf("%d bytes, JSON %t: %s", len(data), json.Valid(data), data)
		}
		made, number, ok := Read([]byte(`{"id":"x","data":` + string(data) + `}`))
		if !ok || !made.Equal(at) || number != want {
			t.Errorf("read %s, %d, %t; want %s, %d", made, number, ok, at, want)
		}
	}
	for _, text := range []string{"", "{}", timeMark, timeMark + "123", timeMark + strings.Repeat("x", 60), timeMark + strings.Repeat("1", 19) + strings.Repeat("x", 60)} {
		if _, _, ok := Read([]byte(text)); ok {
			t.Errorf("%q was read", text)
		}
	}
}

func TestEvent(t *testing.T) {
	t.Parallel()
	s := NewSource("acme", "bench.event", 100)
	s.Skip(7)
	var e struct {
		ID, Tenant, Type string
		Data             json.RawMessage
	}
	if err := json.Unmarshal(s.appendEvent(nil), &e); err != nil {
		t.Fatal(err)
	}
	if e.ID != "bench.event-7" || e.Tenant != "acme" || e.Type != "bench.event" || len(e.Data) != 100 || s.Made() != 8 {
		t.Errorf("%+v, %d made", e, s.Made())
	}
}

// api counts events and answers with what answer says.
func api(t *testing.T, answer func() int) (p *Producer, events *atomic.Int64) {
	t.Helper()
	events = new(atomic.Int64)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var all []json.RawMessage
		if err := json.NewDecoder(r.Body).Decode(&all); err != nil {
			all = make([]json.RawMessage, 1) // no array
		}
		status := answer()
		if status == http.StatusAccepted {
			events.Add(int64(len(all)))
		}
		w.WriteHeader(status)
	}))
	t.Cleanup(server.Close)
	p = NewProducer(strings.TrimPrefix(server.URL, "http://"), "key", 4)
	t.Cleanup(p.Close)
	return p, events
}

func TestFloodSendsExactly(t *testing.T) {
	t.Parallel()
	p, events := api(t, func() int { return http.StatusAccepted })
	s := NewSource("t", "x", 100)
	if err := p.Flood(t.Context(), s, 105, 10, 3); err != nil {
		t.Fatal(err)
	}
	if events.Load() != 105 || s.Made() != 105 {
		t.Errorf("%d events came, %d were made, want 105", events.Load(), s.Made())
	}
}

func TestPace(t *testing.T) {
	t.Parallel()
	p, events := api(t, func() int { return http.StatusAccepted })
	a, b := NewSource("a", "x", 100), NewSource("b", "x", 100)
	begin := time.Now()
	if err := p.Pace(t.Context(), nil, 41, 400, a, b); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begin); took < 100*time.Millisecond {
		t.Errorf("41 events at 400/s took %s: the last is due after 100 ms", took)
	}
	if events.Load() != 41 || a.Made() != 21 || b.Made() != 20 {
		t.Errorf("%d events, %d and %d made", events.Load(), a.Made(), b.Made())
	}
	until := make(chan struct{})
	close(until)
	if err := p.Pace(t.Context(), until, 0, 1, a); err != nil {
		t.Errorf("ended: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.Pace(ctx, nil, 0, 1, a); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestPatience(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	p, events := api(t, func() int {
		if asked.Add(1) < 3 {
			return http.StatusServiceUnavailable
		}
		return http.StatusAccepted
	})
	s := NewSource("t", "x", 100)
	if err := p.Publish(t.Context(), s, 1); err == nil {
		t.Error("a producer without patience overlooks a 503")
	}
	p.Patient(time.Minute)
	if err := p.Publish(t.Context(), s, 2); err != nil || events.Load() != 2 {
		t.Errorf("%d events, %v", events.Load(), err)
	}
	bad, _ := api(t, func() int { return http.StatusBadRequest })
	bad.Patient(time.Minute)
	if err := bad.Publish(t.Context(), s, 1); err == nil || !strings.Contains(err.Error(), "400") {
		t.Errorf("a refusal: %v", err)
	}
}
