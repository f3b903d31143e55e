package load

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/goleak"

	"github.com/posthaste/posthaste/pkg/producer"
	"github.com/posthaste/posthaste/services/cmd/chaos/internal/ledger"
	"github.com/posthaste/posthaste/services/internal/testbed"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Half goes to ingest, half to NATS, each event once; what ingest does not take
// is sent again with the same ids.
func TestSends(t *testing.T) {
	t.Parallel()
	s := testbed.StartNATS(t)
	conn, err := nats.Connect(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "EVENTS", Subjects: []string{"events.>"}}); err != nil {
		t.Fatal(err)
	}
	var requests atomic.Int64
	ingest := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if requests.Add(1) == 1 {
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		var sent []struct {
			ID string `json:"id"`
		}
		if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
			t.Error(err)
		}
		w.WriteHeader(http.StatusAccepted)
		_ = json.NewEncoder(w).Encode(map[string]any{"data": sent})
	}))
	t.Cleanup(ingest.Close)
	l, err := New(Config{Rate: 200, Tenants: []string{"t1", "t2"}, Types: []string{"a", "b"}, Patience: testbed.Patience}, ingest.URL, "key", conn)
	if err != nil {
		t.Fatal(err)
	}
	stop, done := make(chan struct{}), make(chan struct{})
	go func() { defer close(done); l.Run(t.Context(), stop) }()
	testbed.Eventually(t, "events to be accepted", func() bool { return len(l.Events()) >= 40 })
	close(stop)
	<-done
	events := l.Events()
	ids := make(map[string]bool)
	for _, e := range events {
		if !e.Accepted || e.At.IsZero() || ids[e.ID] {
			t.Errorf("%+v", e)
		}
		ids[e.ID] = true
	}
	stream, err := js.Stream(t.Context(), "EVENTS")
	if err != nil {
		t.Fatal(err)
	}
	straight := int(stream.CachedInfo().State.Msgs)
	if apart := straight - len(events)/2; apart < -len(events)/10 || apart > len(events)/10 {
		t.Errorf("%d of %d went straight to NATS", straight, len(events))
	}
	if refused := l.Refusals(); len(refused) > 0 {
		t.Error(refused)
	}
}

// What nobody takes is not called accepted.
func TestGivesUp(t *testing.T) {
	t.Parallel()
	l := &Load{cfg: Config{Tenants: []string{"t"}, Types: []string{"a"}}, errs: make(map[string]int)}
	some := &producer.BatchError{Failed: []*producer.EventError{{Index: 1, Err: errors.New("no")}}}
	for _, err := range []error{nil, some, errors.New("all")} {
		l.send(t.Context(), 0, 3, func(context.Context, int, []ledger.Event) error { return err })
	}
	var accepted []bool
	for _, e := range l.Events() {
		accepted = append(accepted, e.Accepted)
	}
	if want := []bool{true, true, true, true, false, true, false, false, false}; !slices.Equal(accepted, want) {
		t.Errorf("accepted are %v, want %v", accepted, want)
	}
	if refused := l.Refusals(); len(refused) != 2 || refused["all"] != 1 {
		t.Error(refused)
	}
}

func TestEvents(t *testing.T) {
	t.Parallel()
	l := &Load{cfg: Config{Tenants: []string{"t1", "t2"}, Types: []string{"a", "b"}}}
	var got []string
	for n := range 5 {
		e := l.event(n)
		got = append(got, e.Tenant+e.Type)
	}
	if text := strings.Join(got, " "); text != "t1a t2a t1b t2b t1a" {
		t.Error(text)
	}
	if e := l.event(PoisonEvery); !e.Poison || e.ID == l.event(0).ID || l.event(1).Poison || e.At != (time.Time{}) {
		t.Errorf("%+v", e)
	}
}
