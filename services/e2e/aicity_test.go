package e2e

import (
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// registered is what AI City's registerWebhook returns.
type registered struct {
	URL, Secret string
	Enabled     bool
}

// cityWebhook is what AI City's getWebhook returns.
type cityWebhook struct {
	URL, SecretPrefix string
	Enabled           bool
	FailCount         *int
}

func (a *agent) city(t *testing.T, to *inbox) registered {
	t.Helper()
	out := registered{}
	a.ask(t, http.StatusOK, http.MethodPut, "/v1/webhook", map[string]any{"url": to.URL + "/webhooks/city"}, &out)
	return out
}

func (a *agent) webhook(t *testing.T) cityWebhook {
	t.Helper()
	out := cityWebhook{}
	a.ask(t, http.StatusOK, http.MethodGet, "/v1/webhook", nil, &out)
	return out
}

func count(n int) *int { return &n }

// C1: the first registration, and no other answer, has the secret.
func TestC1RegisterReturnsSecretOnce(t *testing.T) {
	a := join(t)
	to := collect(t, nil)
	made := a.city(t, to)
	if made.URL != to.URL+"/webhooks/city" || !made.Enabled || !strings.HasPrefix(made.Secret, "whsec_") || len(made.Secret) < 38 {
		t.Errorf("registered as %+v", made)
	}
	again := a.ask(t, http.StatusOK, http.MethodPut, "/v1/webhook", map[string]any{"url": to.URL + "/webhooks/city"}, nil)
	shown := a.ask(t, http.StatusOK, http.MethodGet, "/v1/webhook", nil, nil)
	listed := a.ask(t, http.StatusOK, http.MethodGet, "/v1/event-subscriptions", nil, nil)
	for _, answer := range [][]byte{again, shown, listed} {
		if strings.Contains(string(answer), made.Secret) || strings.Contains(string(answer), `"secret":`) {
			t.Errorf("the secret is shown again: %s", answer)
		}
	}
	a.emit(t, "task.assigned", `{}`)
	p := to.await(t, 1)[0]
	checkHeader(t, p, "X-City-Signature", "sha256="+hexMAC(made.Secret, p.body))
}

// C2: registering again changes the URL and keeps the secret, which is not
// shown. An agent has one webhook, for all types.
func TestC2RegisterAgain(t *testing.T) {
	a := join(t)
	first, second := collect(t, nil), collect(t, nil)
	secret := a.city(t, first).Secret
	if again := a.city(t, second); again != (registered{URL: second.URL + "/webhooks/city", Enabled: true}) {
		t.Errorf("registered again as %+v", again)
	}
	types := []string{"task.assigned", "bid_accepted", "something.else"}
	for _, name := range types {
		a.emit(t, name, `{}`)
	}
	for _, p := range second.await(t, len(types)) {
		checkHeader(t, p, "X-City-Signature", "sha256="+hexMAC(secret, p.body))
	}
	var list struct{ Data []dialectSubscription }
	a.ask(t, http.StatusOK, http.MethodGet, "/v1/event-subscriptions", nil, &list)
	if len(list.Data) != 1 || len(first.all()) != 0 {
		t.Errorf("there are %d webhooks, and %d POSTs came to the old URL", len(list.Data), len(first.all()))
	}
	a.refused(t, http.MethodPost, "/v1/event-subscriptions", map[string]any{"url": first.URL, "dialect": "aicity", "eventTypes": []string{"task.assigned"}})
}

// C2: an agent has one webhook, also where it registers many times at once: one
// answer has the secret.
func TestC2OneWebhook(t *testing.T) {
	a := join(t)
	to := collect(t, nil)
	body := []byte(`{"url":"` + to.URL + `"}`)
	replies := make([]reply, 8)
	var all sync.WaitGroup
	for i := range replies {
		all.Go(func() {
			var err error
			if replies[i], err = a.call(t, http.MethodPut, a.subscriptions+"/v1/webhook?tenant="+a.tenant, "application/json", body); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	secrets := 0
	for _, r := range replies {
		secrets += strings.Count(string(r.body), `"secret":"whsec_`)
		if r.status != http.StatusOK && r.status != http.StatusConflict {
			t.Errorf("one is answered %d: %s", r.status, r.body)
		}
	}
	var list struct{ Data []dialectSubscription }
	a.ask(t, http.StatusOK, http.MethodGet, "/v1/event-subscriptions", nil, &list)
	if len(list.Data) != 1 || secrets != 1 {
		t.Errorf("there are %d webhooks and %d secrets", len(list.Data), secrets)
	}
}

// C2: registering again enables, and forgets the failures.
func TestC2RegisterAgainResets(t *testing.T) {
	a := join(t)
	to := collect(t, always(500))
	a.city(t, to)
	a.outcome(t, a.emit(t, "task.assigned", `{}`))
	if got := a.webhook(t); got.FailCount == nil || *got.FailCount != 1 {
		t.Errorf("after a failed delivery the webhook is %+v", got)
	}
	var list struct{ Data []dialectSubscription }
	a.ask(t, http.StatusOK, http.MethodGet, "/v1/event-subscriptions", nil, &list)
	a.ask(t, http.StatusOK, http.MethodPost, "/v1/event-subscriptions/"+list.Data[0].ID+"/disable", nil, nil)
	if got := a.webhook(t); got.Enabled {
		t.Errorf("disabled as %+v", got)
	}
	if got := a.city(t, to); !got.Enabled {
		t.Errorf("registered again as %+v", got)
	}
	if got := a.webhook(t); !got.Enabled || got.FailCount == nil || *got.FailCount != 0 {
		t.Errorf("registered again, the webhook is %+v", got)
	}
}

// C3: there is nothing, or the webhook without its secret.
func TestC3Get(t *testing.T) {
	a := join(t)
	a.ask(t, http.StatusNotFound, http.MethodGet, "/v1/webhook", nil, nil)
	to := collect(t, nil)
	secret := a.city(t, to).Secret
	want := cityWebhook{to.URL + "/webhooks/city", secret[:12], true, count(0)}
	if diff := cmp.Diff(want, a.webhook(t)); diff != "" {
		t.Error(diff)
	}
}

// C4: removed, the webhook gets nothing from then on, not even a retry that
// waits; the next one has a new secret.
func TestC4Remove(t *testing.T) {
	a := join(t)
	to, fail := held(t)
	secret := a.city(t, to).Secret
	id := a.emit(t, "task.assigned", `{}`)
	to.await(t, 1)
	a.ask(t, http.StatusNoContent, http.MethodDelete, "/v1/webhook", nil, nil)
	fail()
	if d := a.outcome(t, id); d.Status != "cancelled" || d.Attempts != 1 {
		t.Errorf("the delivery under way is %+v", d)
	}
	a.checkSilent(t, to, "task.failed")
	a.ask(t, http.StatusNotFound, http.MethodGet, "/v1/webhook", nil, nil)
	a.ask(t, http.StatusNotFound, http.MethodDelete, "/v1/webhook", nil, nil)
	if again := a.city(t, to); again.Secret == secret || !strings.HasPrefix(again.Secret, "whsec_") {
		t.Errorf("the next webhook's secret is %q", again.Secret)
	}
}

// cityTest is what AI City's testWebhook returns.
type cityTest struct {
	Success bool
	Status  *int
	Body    string
}

// C5: a test goes the whole way, and says what the endpoint answered.
func TestC5Test(t *testing.T) {
	a := join(t)
	to := collect(t, func(w http.ResponseWriter, _ post) { _, _ = w.Write([]byte(strings.Repeat("é", 600))) })
	secret := a.city(t, to).Secret
	got := cityTest{}
	a.ask(t, http.StatusOK, http.MethodPost, "/v1/webhook/test", nil, &got)
	if diff := cmp.Diff(cityTest{true, count(200), strings.Repeat("é", 500)}, got); diff != "" {
		t.Error(diff)
	}
	p := to.await(t, 1)[0]
	checkCity(t, p, secret, "ping")
	shape := `^\{"event":"ping","data":\{"message":"Webhook test from AI City"\},"timestamp":"[-0-9]{10}T[:0-9]{8}\.\d{3}Z","webhookId":"ping_[A-Za-z0-9]+"\}$`
	if !regexp.MustCompile(shape).Match(p.body) {
		t.Errorf("the body is %s", p.body)
	}
	to.become(answers(0, 503))
	a.ask(t, http.StatusOK, http.MethodPost, "/v1/webhook/test", nil, &got)
	if got.Success || got.Status == nil || *got.Status != 503 {
		t.Errorf("where the endpoint answers 503: %+v", got)
	}
	if w := a.webhook(t); *w.FailCount != 0 || len(to.all()) != 2 {
		t.Errorf("a failed test counts: %+v, %d POSTs", w, len(to.all()))
	}
}

// checkCity holds what every delivery of AI City's has.
func checkCity(t *testing.T, p post, secret, eventType string) {
	t.Helper()
	var body struct{ Event, Timestamp, WebhookID string }
	decode(t, p.body, &body)
	checkHeader(t, p, "Content-Type", "application/json")
	checkHeader(t, p, "X-City-Signature", "sha256="+hexMAC(secret, p.body))
	checkHeader(t, p, "X-City-Event", eventType)
	checkHeader(t, p, "X-City-Delivery", body.WebhookID)
	checkHeader(t, p, "X-City-Timestamp", body.Timestamp)
	if body.Event != eventType || body.WebhookID == "" {
		t.Errorf("the body is %s", p.body)
	}
	checkAlongside(t, p, secret)
}

// C6: every POST has AI City's headers.
func TestC6Headers(t *testing.T) {
	a := join(t)
	to := collect(t, nil)
	secret := a.city(t, to).Secret
	a.at(t, "bid_accepted", "2025-01-15T10:30:00Z", `{"bidId":"clx9def456"}`)
	a.at(t, "bid_accepted", "2025-01-15T10:30:00.1239Z", `{"bidId":"clx9def457"}`)
	posts := to.await(t, 2)
	times := map[string]bool{}
	for _, p := range posts {
		checkCity(t, p, secret, "bid_accepted")
		times[p.header.Get("X-City-Timestamp")] = true
	}
	if !times["2025-01-15T10:30:00.000Z"] || !times["2025-01-15T10:30:00.123Z"] {
		t.Errorf("the times are %v", times)
	}
	if posts[0].header.Get("X-City-Delivery") == posts[1].header.Get("X-City-Delivery") {
		t.Error("two deliveries have one id")
	}
}

// C7: the body is that of AI City's page; its webhookId stays on every retry.
func TestC7Body(t *testing.T) {
	a := join(t)
	to := collect(t, answers(500, 500))
	secret := a.city(t, to).Secret
	const data = `{"requestId":"clx9abc123","bidId":"clx9def456","agreementId":"clx9ghi789"}`
	a.at(t, "bid_accepted", "2025-01-15T10:30:00Z", data)
	posts := to.await(t, 3)
	id := posts[0].header.Get("X-City-Delivery")
	want := `{"event":"bid_accepted","data":` + data + `,"timestamp":"2025-01-15T10:30:00.000Z","webhookId":"` + id + `"}`
	for _, p := range posts {
		checkCity(t, p, secret, "bid_accepted")
		if string(p.body) != want {
			t.Errorf("POST %d has the body %s, want %s", p.nth, p.body, want)
		}
	}
}

var (
	cityTypes  = []string{"task.assigned", "task.completed", "task.failed", "task.feedback", "task.refunded", "task.disputed", "ping"}
	cityBanner = []string{"task_assigned", "task_completed", "task_failed", "feedback_received"}
	cityLegacy = []string{
		"new_matching_request", "direct_offer", "bid_accepted", "bid_rejected", "delivery_received", "review_window_expiring",
		"agreement_cancelled", "dispute_filed", "dispute_resolved", "deadline_approaching",
	}
)

// C8: the catalogue has AI City's types, and says which of them end, and when.
func TestC8EventTypes(t *testing.T) {
	a := join(t)
	known := a.catalogue(t, "aicity")
	for _, name := range append(append([]string{}, cityTypes...), cityBanner...) {
		if e, ok := known[name]; !ok || e.Deprecated || e.Sunset != nil {
			t.Errorf("the catalogue has %s as %+v, %t", name, e, ok)
		}
	}
	for _, name := range cityLegacy {
		if e, ok := known[name]; !ok || !e.Deprecated || e.Sunset == nil || e.Sunset.Format("2006-01-02") != "2026-06-30" {
			t.Errorf("the catalogue has %s as %+v, %t", name, e, ok)
		}
	}
	to := collect(t, nil)
	a.city(t, to)
	answer := a.must(t, http.StatusAccepted, http.MethodPost, a.events+"/v1/events", []byte(`{"tenant":"`+a.tenant+`","type":"bid_accepted","data":{}}`))
	var got struct {
		Warnings []struct{ Type, Message string }
	}
	decode(t, answer, &got)
	if len(got.Warnings) != 1 || got.Warnings[0].Type != "bid_accepted" || !strings.Contains(got.Warnings[0].Message, "2026-06-30") {
		t.Errorf("publishing a type that has ended warns of %+v", got.Warnings)
	}
	checkHeader(t, to.await(t, 1)[0], "X-City-Event", "bid_accepted")
}
