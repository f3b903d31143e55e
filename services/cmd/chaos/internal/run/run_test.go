package run

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/goleak"

	"github.com/posthaste/posthaste/services/cmd/chaos/internal/fault"
	"github.com/posthaste/posthaste/services/cmd/chaos/internal/ledger"
	"github.com/posthaste/posthaste/services/cmd/chaos/internal/link"
	"github.com/posthaste/posthaste/services/cmd/chaos/internal/receiver"
	"github.com/posthaste/posthaste/services/internal/testbed"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// streams are those that a run looks at, and the consumers.
func streams(t *testing.T) jetstream.JetStream {
	t.Helper()
	conn, err := nats.Connect(testbed.StartNATS(t).URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	for name, consumer := range map[string]string{"EVENTS": "router", "DELIVERIES": "", "DELAYS": "", "ATTEMPTS": "history"} {
		s, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: name, Subjects: []string{strings.ToLower(name) + ".>"}})
		if err != nil {
			t.Fatal(err)
		}
		if consumer == "" {
			continue
		}
		if _, err := s.CreateConsumer(t.Context(), jetstream.ConsumerConfig{Durable: consumer, AckPolicy: jetstream.AckExplicitPolicy}); err != nil {
			t.Fatal(err)
		}
	}
	return js
}

// What is still to be done is told, and it is waited for.
func TestSettle(t *testing.T) {
	t.Parallel()
	js := streams(t)
	if err := settle(t.Context(), js, testbed.Patience); err != nil {
		t.Errorf("with nothing to do: %v", err)
	}
	for subject, want := range map[string]string{"deliveries.x": "1 in DELIVERIES", "events.x": "1 for router", "attempts.x": "1 for history"} {
		if _, err := js.Publish(t.Context(), subject, nil); err != nil {
			t.Fatal(err)
		}
		if left, err := busy(t.Context(), js); err != nil || !strings.Contains(left, want) {
			t.Errorf("after %s: %q, %v; want %s", subject, left, err, want)
		}
		if err := settle(t.Context(), js, 200*time.Millisecond); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), want) {
			t.Errorf("after %s: %v, want %s", subject, err, want)
		}
		name, _, _ := strings.Cut(subject, ".")
		s, err := js.Stream(t.Context(), strings.ToUpper(name))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Purge(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := js.DeleteStream(t.Context(), "DELAYS"); err != nil {
		t.Fatal(err)
	}
	if _, err := busy(t.Context(), js); err == nil {
		t.Error("without a stream it calls itself settled")
	}
}

// Faults of receivers and their links begin, are noted, and end.
func TestInject(t *testing.T) {
	t.Parallel()
	r, err := receiver.Open(t.Context(), "steady", receiver.Steady)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	net := link.New()
	t.Cleanup(net.Close)
	way, err := net.Open("dispatcher>steady", "127.0.0.1:0", r.Addr())
	if err != nil {
		t.Fatal(err)
	}
	in := &injector{world: &world{receivers: []*receiver.Receiver{r}, toReceiver: []*link.Link{way}}}
	const lasts = 10 * time.Millisecond
	faults := []fault.Fault{
		{Kind: fault.Flap, Target: fault.Receiver, For: lasts},
		{Kind: fault.Clock, Target: fault.Receiver, For: lasts, Index: 7},
		{Kind: fault.Reset, Target: fault.ToReceiver},
	}
	if err := in.run(t.Context(), faults, time.Now()); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []fault.Kind{fault.Cut, fault.Slow} { // one after the other
		if err := in.run(t.Context(), []fault.Fault{{Kind: kind, Target: fault.ToReceiver, For: lasts}}, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	if len(in.windows) != 5 {
		t.Fatalf("%+v", in.windows)
	}
	for _, w := range in.windows {
		if w.Where != "steady" || w.To.Sub(w.From) < w.For {
			t.Errorf("%+v", w)
		}
	}
	if err := way.Cut(); err != nil { // had it not ended, it could not begin again
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := in.run(ctx, []fault.Fault{{Kind: fault.Flap, Target: fault.Receiver, At: time.Hour}}, time.Now()); err != nil || len(in.windows) != 5 {
		t.Errorf("interrupted: %v, %d windows", err, len(in.windows))
	}
}

// Every subscription fits the load, and no event is without a delivery.
func TestWorldFitsTheLoad(t *testing.T) {
	t.Parallel()
	deliveries := 0
	for _, typ := range types {
		wanted := 0
		for _, kind := range kinds {
			if (ledger.Subscription{Tenant: "t", Types: kind.types}).Wants(ledger.Event{Tenant: "t", Type: typ}) {
				wanted++
			}
		}
		if wanted < 2 {
			t.Errorf("%s has %d deliveries", typ, wanted)
		}
		deliveries += wanted
	}
	if deliveries != 11 {
		t.Errorf("%d deliveries of three events, and the flags say 11", deliveries)
	}
	sum := time.Duration(0)
	for _, d := range retryDelays {
		sum += d
	}
	if sum < 30*time.Second || !strings.HasPrefix(delaysSetting(), "POSTHASTE_RETRY_DELAYS=200ms,500ms,1s,") {
		t.Errorf("%s: %s in all", delaysSetting(), sum)
	}
}
