package notify

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/subscription"
	"github.com/posthaste/posthaste/services/internal/testbed"
)

func TestTellsOfDisabledSubscription(t *testing.T) {
	t.Parallel()
	h, in := newHouse(t), newInbox(t, nil)
	h.run(t, h.notifier(t, nil, in.url()+"&template=json"))
	at := h.disable(t, "evsub_1", subscription.DisabledConsecutiveFailures)
	got := in.takes(t, 1)[0]
	for _, want := range []string{
		`"title":"Webhook disabled"`, "tenant acme", "its deliveries failed repeatedly", "Subscription: evsub_1\\n",
		"Endpoint: https://hooks.example.com/in/1\\n", at.UTC().Format(time.RFC3339),
		"POST /v1/event-subscriptions/evsub_1/enable?tenant=acme", "POST /v1/event-subscriptions/evsub_1/replay?tenant=acme",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in %s", want, got)
		}
	}
	keepsSecrets(t, "the message", got)
	h.settled(t, 1)
	if n := h.counted(t, "sent"); n != 1 {
		t.Errorf("%d counted as sent, want 1", n)
	}
	keepsSecrets(t, "the log", h.log.String())
}

// What happened before anyone was to be told of it is not told.
func TestBeginsWithNewEvents(t *testing.T) {
	t.Parallel()
	h, in := newHouse(t), newInbox(t, nil)
	h.disable(t, "evsub_old", subscription.DisabledGone)
	h.run(t, h.notifier(t, nil, in.url()))
	h.disable(t, "evsub_new", subscription.DisabledGone)
	h.settled(t, 1)
	if got := in.taken(); len(got) != 1 || !strings.Contains(got[0], "evsub_new") || !strings.Contains(got[0], "answered 410") {
		t.Errorf("told %q, want of evsub_new alone", got)
	}
}

// One receiver's failure is not the others' repetition.
func TestRetriesOnlyWhatFailed(t *testing.T) {
	t.Parallel()
	h, good, bad := newHouse(t), newInbox(t, nil), newInbox(t, refuses(3, http.StatusInternalServerError))
	h.run(t, h.notifier(t, nil, good.url(), bad.url()))
	h.disable(t, "evsub_1", subscription.DisabledGone)
	bad.takes(t, 1)
	h.settled(t, 4)
	if good.tried() != 1 || bad.tried() != 4 {
		t.Errorf("the good one was tried %d times, the bad one %d, want 1 and 4", good.tried(), bad.tried())
	}
	if sent, failed := h.counted(t, "sent"), h.counted(t, "failed"); sent != 2 || failed != 0 {
		t.Errorf("counted %d sent and %d failed, want 2 and 0", sent, failed)
	}
	if log := h.log.String(); !strings.Contains(log, `receiver="URL 2 (generic)"`) || !strings.Contains(log, "answered 500") {
		t.Errorf("the log does not say what failed: %s", log)
	}
}

func TestGivesUp(t *testing.T) {
	t.Parallel()
	h, good, bad := newHouse(t), newInbox(t, nil), newInbox(t, refuses(always, http.StatusForbidden))
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	away := "generic+http://hushuser:hushpass@" + closed.Addr().String() + "/hushpath?token=hushtoken"
	_ = closed.Close()
	h.run(t, h.notifier(t, func(c *Config) { c.Attempts = 3 }, bad.url(), good.url(), away))
	h.disable(t, "evsub_1", subscription.DisabledGone)
	h.settled(t, 3)
	if good.tried() != 1 || bad.tried() != 3 {
		t.Errorf("the good one was tried %d times, the bad one %d, want 1 and 3", good.tried(), bad.tried())
	}
	if sent, failed := h.counted(t, "sent"), h.counted(t, "failed"); sent != 1 || failed != 2 {
		t.Errorf("counted %d sent and %d failed, want 1 and 2", sent, failed)
	}
	log := h.log.String()
	if strings.Count(log, "level=ERROR") != 2 || !strings.Contains(log, "answered 403") || !strings.Contains(log, "connection refused") {
		t.Errorf("logged %s", log)
	}
	keepsSecrets(t, "the log", log)
}

// A receiver that hangs keeps nobody else waiting, however many messages it
// holds up, and gets what it did not take once it works again.
func TestHangingReceiver(t *testing.T) {
	t.Parallel()
	const messages = slots + 4
	release := make(chan struct{})
	h, good := newHouse(t), newInbox(t, nil)
	hanging := newInbox(t, func(w http.ResponseWriter) bool {
		<-release
		return true
	})
	n := h.notifier(t, func(c *Config) { c.Timeout, c.Attempts = 100*time.Millisecond, maxAttempts }, hanging.url(), good.url())
	h.run(t, n)
	for i := range messages {
		h.disable(t, fmt.Sprint("evsub_", i), subscription.DisabledGone)
	}
	good.takes(t, messages)
	testbed.Eventually(t, "the slots are full", func() bool { return strings.Contains(h.log.String(), errBusy.Error()) })
	if tries := hanging.tried(); tries > slots {
		t.Errorf("%d messages hang, want %d at the most", tries, slots)
	}
	if !strings.Contains(h.log.String(), errSlow.Error()) {
		t.Error("the log does not say that the receiver is slow")
	}
	close(release)
	h.settled(t, messages)
	told := strings.Join(hanging.taken(), "")
	for i := range messages {
		if !strings.Contains(told, fmt.Sprintf("Subscription: evsub_%d\n", i)) {
			t.Errorf("nothing told of evsub_%d", i)
		}
	}
	if got := good.tried(); got != messages {
		t.Errorf("the good one was tried %d times, want %d", got, messages)
	}
}

// What could not be told before a restart is told after it.
func TestRestart(t *testing.T) {
	t.Parallel()
	h, in := newHouse(t), newInbox(t, refuses(always, http.StatusBadGateway))
	stop := h.run(t, h.notifier(t, func(c *Config) { c.Attempts = maxAttempts }, in.url()))
	h.disable(t, "evsub_1", subscription.DisabledGone)
	testbed.Eventually(t, "it was tried", func() bool { return in.tried() > 0 })
	stop()
	in.change(nil)
	h.disable(t, "evsub_2", subscription.DisabledGone) // while nobody runs
	h.nats.Restart(t)
	testbed.Eventually(t, "NATS is back", h.bus.Connected)
	h.run(t, h.notifier(t, nil, in.url()))
	in.takes(t, 2)
	h.settled(t, 3)
	if got := in.taken(); len(got) != 2 {
		t.Errorf("told %d times, want once of each", len(got))
	}
}

// Stopping does not wait for what hangs.
func TestStopsWhileSendsHang(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	h := newHouse(t)
	in := newInbox(t, func(http.ResponseWriter) bool {
		<-release
		return true
	})
	n := h.notifier(t, func(c *Config) { c.Timeout, c.Attempts = maxTimeout, 1 }, in.url())
	n.grace = 10 * time.Millisecond
	stop := h.run(t, n)
	h.disable(t, "evsub_1", subscription.DisabledGone)
	testbed.Eventually(t, "the send hangs", func() bool { return in.tried() == 1 })
	stop()
	if n := h.counted(t, "failed"); n != 0 {
		t.Errorf("a try that was cut short counts as failed")
	}
	c, err := h.bus.JS.Consumer(t.Context(), bus.StreamEvents, bus.ConsumerNotifier)
	if err != nil {
		t.Fatal(err)
	}
	if info := c.CachedInfo(); info.NumAckPending+int(info.NumPending) != 1 {
		t.Errorf("the event was not given back: %+v", info)
	}
	close(release)
	in.takes(t, 1)
}

// Whoever may publish events cannot make the operator read them.
func TestForgedEvents(t *testing.T) {
	t.Parallel()
	h, in := newHouse(t), newInbox(t, nil)
	h.run(t, h.notifier(t, nil, in.url()))
	at := h.disable(t, "evsub_1", subscription.DisabledGone)
	in.takes(t, 1)
	h.announce(t, "a", `{"subscriptionId":"evsub_none","url":"https://evil.example","reason":"gone","disabledAt":"2026-01-01T00:00:00Z"}`)
	h.announce(t, "b", `{"subscriptionId":"evsub_1","url":"https://evil.example","reason":"gone","disabledAt":"2026-01-01T00:00:00Z"}`)
	h.announce(t, "c", `{"subscriptionId":"evsub_*","reason":"gone"}`)
	h.announce(t, "d", `[1]`)
	h.announce(t, "e", `{"subscriptionId":"evsub_1","pad":"`+strings.Repeat("x", maxEventBytes)+`"}`)
	h.publish(t, "no event")
	h.announce(t, "f", fmt.Sprintf(`{"subscriptionId":"evsub_1","url":"https://evil.example","reason":"call 555","disabledAt":%q}`, at.UTC().Format(time.RFC3339Nano)))
	h.settled(t, 1+2*looks+5)
	if got := in.taken(); len(got) != 1 || strings.Contains(got[0], "evil") {
		t.Errorf("told %q", got)
	}
	if warnings := strings.Count(h.log.String(), "operator not told of event"); warnings != 6 {
		t.Errorf("%d warnings, want 6: %s", warnings, h.log.String())
	}
}

func TestNobodyToTell(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	n := h.notifier(t, nil)
	if n.Enabled() {
		t.Error("enabled without a URL")
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx) }()
	cancel()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(testbed.Patience):
		t.Fatal("does not return")
	}
	if _, err := h.bus.JS.Consumer(t.Context(), bus.StreamEvents, bus.ConsumerNotifier); err == nil {
		t.Error("made a consumer for nobody")
	}
}
