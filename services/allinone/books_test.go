package allinone

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/posthaste/posthaste/pkg/client"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/testbed"
)

// audited runs everything, and reads its books.
type audited struct {
	*client.Client
	natsURL string
}

func startAudited(t *testing.T) *audited {
	t.Helper()
	p, c := running(t, func(*Config) {})
	return &audited{c, p.NATSURL()}
}

// endpoint answers with a status.
func endpoint(t *testing.T, status int) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
	t.Cleanup(s.Close)
	return s.URL
}

// subscribe wants one type; it is tried again after the wait, once.
func (a *audited) subscribe(t *testing.T, eventType string, status int, wait time.Duration) string {
	t.Helper()
	never := 0
	s, err := a.EventSubscriptions.Create(t.Context(), client.CreateEventSubscription{
		URL: endpoint(t, status), EventTypes: []string{eventType}, DisableAfter: &never,
		RetryPolicy: &client.RetryDelays{Delays: []client.Duration{client.Duration(wait)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s.ID
}

func (a *audited) send(t *testing.T, eventType string) {
	t.Helper()
	if _, _, err := a.Events.Send(t.Context(), client.NewEvent{Type: eventType, Data: map[string]any{}}); err != nil {
		t.Fatal(err)
	}
}

type deliveries struct{ Made, Delivered, Failed, Cancelled, Waiting, Missing int64 }

// stand waits until nothing moves and the books say this.
func (a *audited) stand(t *testing.T, what string, want deliveries) *client.Books {
	t.Helper()
	var books *client.Books
	testbed.Eventually(t, what, func() bool {
		<-time.After(100 * time.Millisecond) // each look is some forty requests
		var err error
		if books, err = a.Audit.Get(t.Context()); err != nil {
			t.Fatal(err)
		}
		d := books.Deliveries
		return books.Settled && want == deliveries{d.Made, d.Delivered, d.Failed, d.Cancelled, d.Waiting, books.Missing}
	})
	return books
}

// What is delivered, fails, is cancelled and waits balances at each stage; what
// was removed from the delay line by hand is missing.
func TestBooks(t *testing.T) {
	t.Parallel()
	a := startAudited(t)
	good := a.subscribe(t, "a.good", http.StatusOK, time.Minute)
	a.subscribe(t, "a.bad", http.StatusInternalServerError, 100*time.Millisecond)
	removed := a.subscribe(t, "a.removed", http.StatusInternalServerError, time.Second)
	a.subscribe(t, "a.waits", http.StatusInternalServerError, time.Hour)

	a.send(t, "a.good")
	a.send(t, "a.nobody")
	a.stand(t, "one is delivered", deliveries{Made: 1, Delivered: 1})
	a.send(t, "a.bad")
	a.stand(t, "one has failed", deliveries{Made: 2, Delivered: 1, Failed: 1})
	a.send(t, "a.removed")
	if _, err := a.EventSubscriptions.Disable(t.Context(), removed); err != nil {
		t.Fatal(err)
	}
	a.stand(t, "one is cancelled", deliveries{Made: 3, Delivered: 1, Failed: 1, Cancelled: 1})
	if _, err := a.EventSubscriptions.Test(t.Context(), good); err != nil {
		t.Fatal(err)
	}
	a.stand(t, "a test is made and delivered", deliveries{Made: 4, Delivered: 2, Failed: 1, Cancelled: 1})
	a.send(t, "a.waits")
	books := a.stand(t, "one waits", deliveries{Made: 5, Delivered: 2, Failed: 1, Cancelled: 1, Waiting: 1})
	if books.Waiting.Tiers["3600s"]+books.Waiting.Tiers["1h"] != 1 || books.Events.Accepted != 5 || books.Events.Routed != 5 || books.Opened != "" {
		t.Errorf("%+v", books)
	}

	nc, err := nats.Connect(a.natsURL)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	delays, err := js.Stream(t.Context(), bus.StreamDelays)
	if err != nil {
		t.Fatal(err)
	}
	if err := delays.DeleteMsg(t.Context(), delays.CachedInfo().State.LastSeq); err != nil {
		t.Fatal(err)
	}
	a.stand(t, "one is missing", deliveries{Made: 5, Delivered: 2, Failed: 1, Cancelled: 1, Missing: 1})
}
