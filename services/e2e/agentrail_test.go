package e2e

import (
	"errors"
	"net/http"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/posthaste/posthaste/pkg/webhook"
)

// railHeaders are on every delivery.
var railHeaders = []string{
	"x-agentrail-subscription-id", "x-agentrail-event-id", "x-agentrail-event-type",
	"x-agentrail-delivery-id", "x-agentrail-delivery-attempt", "x-agentrail-signature",
}

func railVerifier(t *testing.T, secret string) *webhook.Verifier {
	t.Helper()
	key, err := webhook.LiteralSecret(secret)
	if err != nil {
		t.Fatal(err)
	}
	v, err := webhook.NewVerifier([]webhook.Secret{key}, webhook.WithScheme(webhook.AgentRail()))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// delivered is what AgentRail's dialect sends of one event.
func (a *agent) delivered(t *testing.T, data string) (p post, sub dialectSubscription, eventID string) {
	t.Helper()
	to := collect(t, nil)
	sub = a.subscribeTo(t, to, "agentrail", railSecret, "task.updated")
	eventID = a.emit(t, "task.updated", data)
	return to.await(t, 1)[0], sub, eventID
}

// A1: one call verifies and reads; a wrong signature or a missing header fails.
func TestA1ParseVerifiesAndReads(t *testing.T) {
	a := join(t)
	p, sub, id := a.delivered(t, `{"taskId":"task_abc123","n":1.10}`)
	v := railVerifier(t, railSecret)
	d, err := v.Parse(p.header, p.body)
	if err != nil {
		t.Fatal(err)
	}
	if d.Event.ID != id || d.Event.Type != "task.updated" || string(d.Event.Data) != `{"taskId":"task_abc123","n":1.10}` ||
		d.SubscriptionID != sub.ID || d.Attempt != 1 || d.ID != p.header.Get("x-agentrail-delivery-id") || d.Event.Timestamp.IsZero() {
		t.Errorf("read as %+v", d)
	}
	for _, name := range railHeaders {
		short := p.header.Clone()
		short.Del(name)
		if _, err := v.Parse(short, p.body); !errors.Is(err, webhook.ErrMissingHeader) {
			t.Errorf("without %s: %v", name, err)
		}
	}
	changed := append([]byte(nil), p.body...)
	changed[len(changed)/2] ^= 1
	if _, err := v.Parse(p.header, changed); !errors.Is(err, webhook.ErrNoMatch) {
		t.Errorf("with a byte flipped: %v", err)
	}
	if _, err := railVerifier(t, railSecret+"x").Parse(p.header, p.body); !errors.Is(err, webhook.ErrNoMatch) {
		t.Errorf("with another secret: %v", err)
	}
}

// A2: every delivery has the six headers; the delivery's id is another one on
// each attempt, and the attempts are numbered from 1.
func TestA2Headers(t *testing.T) {
	a := join(t)
	to := collect(t, answers(500, 503))
	sub := a.subscribeTo(t, to, "agentrail", railSecret, "task.updated")
	id := a.emit(t, "task.updated", `{}`)
	seen := map[string]bool{}
	for i, p := range to.await(t, 3) {
		checkHeader(t, p, "x-agentrail-subscription-id", sub.ID)
		checkHeader(t, p, "x-agentrail-event-id", id)
		checkHeader(t, p, "x-agentrail-event-type", "task.updated")
		checkHeader(t, p, "x-agentrail-delivery-attempt", strconv.Itoa(i+1))
		checkHeader(t, p, "x-agentrail-signature", "sha256="+hexMAC(railSecret, p.body))
		checkAlongside(t, p, railSecret)
		if one := p.header.Values("x-agentrail-delivery-id"); len(one) != 1 || one[0] == "" || seen[one[0]] {
			t.Errorf("attempt %d has the delivery ids %q", i+1, one)
		}
		seen[p.header.Get("x-agentrail-delivery-id")] = true
	}
}

// A3: the signature is one value, also while a secret rotates.
func TestA3ExactlyOneSignature(t *testing.T) {
	a := join(t)
	to := collect(t, nil)
	sub := a.subscribeTo(t, to, "agentrail", railSecret, "task.updated")
	a.emit(t, "task.updated", `{}`)
	const next = "another secret of the caller"
	to.await(t, 1)
	a.ask(t, http.StatusOK, http.MethodPost, "/v1/event-subscriptions/"+sub.ID+"/rotate-secret", map[string]any{"secret": next, "overlap": "1h"}, nil)
	a.emit(t, "task.updated", `{}`)
	posts := to.await(t, 2)
	for i, secret := range []string{railSecret, next} {
		checkHeader(t, posts[i], "x-agentrail-signature", "sha256="+hexMAC(secret, posts[i].body))
		if got := posts[i].header.Get("x-agentrail-signature"); !regexp.MustCompile(`^sha256=[0-9a-f]{64}$`).MatchString(got) {
			t.Errorf("the signature is %q", got)
		}
	}
}

// A4: the secret is the caller's, of 16 to 128 characters, and not the API key.
func TestA4CallersSecret(t *testing.T) {
	a := join(t)
	for _, length := range []int{1, 15, 129, 1000} {
		req := map[string]any{"url": "http://127.0.0.1:9", "dialect": "agentrail", "eventTypes": []string{"x"}, "secret": secretOf(length)}
		a.refused(t, http.MethodPost, "/v1/event-subscriptions", req)
	}
	for _, length := range []int{16, 128} {
		to := collect(t, nil)
		if sub := a.subscribeTo(t, to, "agentrail", secretOf(length), "task.updated"); sub.Secret != "" {
			t.Errorf("the caller's secret of %d characters is returned", length)
		}
		a.emit(t, "task.updated", `{}`)
		p := to.await(t, 1)[0]
		checkHeader(t, p, "x-agentrail-signature", "sha256="+hexMAC(secretOf(length), p.body))
	}
}

func secretOf(length int) string {
	text := make([]byte, length)
	for i := range text {
		text[i] = byte('!' + i%90)
	}
	return string(text)
}

// The body has the contract's members, the same bytes on each of eight
// attempts, and a sequence that rises.
func TestAgentRailContractBodyAndAttempts(t *testing.T) {
	a := join(t)
	to := collect(t, always(500))
	sub := a.subscribeTo(t, to, "agentrail", railSecret, "task.updated")
	d := a.outcome(t, a.at(t, "task.updated", "2025-01-15T10:30:00.5Z", `{ "taskId":"t1","taskVersion":3 }`))
	posts := to.all()
	if d.Status != "failed" || d.Attempts != 8 || len(posts) != 8 {
		t.Fatalf("the delivery is %+v after %d POSTs", d, len(posts))
	}
	for _, p := range posts {
		if string(p.body) != string(posts[0].body) {
			t.Errorf("attempt %d has the body %s, the first had %s", p.nth, p.body, posts[0].body)
		}
	}
	first := readRailEvent(t, posts[0].body)
	if first.ID != d.EventID || first.Type != "task.updated" || first.OccurredAt.Format(time.RFC3339Nano) != "2025-01-15T10:30:00.5Z" || first.TaskVersion != 3 {
		t.Errorf("the body is %s", posts[0].body)
	}
	checkWaits(t, posts, waitsOf(100, 100, 100, 100, 200, 200, 200)...)
	to.become(nil)
	a.emit(t, "task.updated", `{}`)
	if next := readRailEvent(t, to.await(t, 9)[8].body); next.Sequence <= first.Sequence {
		t.Errorf("the sequence was %d and is %d", first.Sequence, next.Sequence)
	}
	if got := a.subscription(t, sub.ID); got.Status != "active" {
		t.Errorf("after a failed delivery the subscription is %+v", got)
	}
}

func waitsOf(milliseconds ...int) []time.Duration {
	waits := make([]time.Duration, len(milliseconds))
	for i, ms := range milliseconds {
		waits[i] = time.Duration(ms) * time.Millisecond
	}
	return waits
}

// Built in are 0, 10, 30, 90, 300, 900, 1800 and 3600 s.
func TestAgentRailContractBuiltInSchedule(t *testing.T) {
	a := join(t)
	a.strict(t).checkBuiltIn(t, "agentrail", 0, waitsOf(10_000, 30_000, 90_000, 300_000, 900_000, 1_800_000, 3_600_000)...)
}

// 410 disables the subscription, and its owner is told.
func TestAgentRailContractGoneDisables(t *testing.T) {
	a := join(t)
	to := collect(t, always(410))
	sub := a.subscribeTo(t, to, "agentrail", railSecret, "task.updated")
	d := a.outcome(t, a.emit(t, "task.updated", `{}`))
	if d.Status != "failed" || d.Reason != "gone" || d.Attempts != 1 {
		t.Errorf("the delivery is %+v", d)
	}
	if got := a.subscription(t, sub.ID); got.Status != "disabled" || got.DisabledReason != "gone" {
		t.Errorf("the subscription is %+v", got)
	}
	a.checkTold(t, sub.ID, "gone")
	a.checkSilent(t, to, "task.updated")
}

// 5xx and failures of the network are tried again; any other status ends the
// delivery, and disables nothing.
func TestAgentRailContractWhatIsRetried(t *testing.T) {
	a := join(t)
	cut := func(http.ResponseWriter, post) { panic(http.ErrAbortHandler) }
	for name, c := range map[string]struct {
		first    func(http.ResponseWriter, post)
		attempts int
	}{
		"500": {always(500), 2}, "502": {always(502), 2}, "503": {always(503), 2}, "599": {always(599), 2}, "cut": {cut, 2},
		"301": {always(301), 1}, "400": {always(400), 1}, "401": {always(401), 1}, "404": {always(404), 1}, "429": {always(429), 1},
	} {
		to := collect(t, func(w http.ResponseWriter, p post) {
			if p.nth == 1 {
				c.first(w, p)
			}
		})
		eventType := "rail." + name
		sub := a.subscribeTo(t, to, "agentrail", railSecret, eventType)
		want := map[int]string{1: "failed", 2: "delivered"}[c.attempts]
		if d := a.outcome(t, a.emit(t, eventType, `{}`)); d.Status != want || d.Attempts != c.attempts {
			t.Errorf("%s: the delivery is %+v, want %s after %d attempts", name, d, want, c.attempts)
		}
		if got := a.subscription(t, sub.ID); got.Status != "active" {
			t.Errorf("%s: the subscription is %+v", name, got)
		}
	}
}
