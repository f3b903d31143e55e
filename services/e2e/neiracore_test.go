package e2e

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/posthaste/posthaste/services/internal/dialect"
)

// neiracoreSecret is the one of Neiracore's page: no base64 stands after whsec_.
const neiracoreSecret = "whsec_your-secret-key"

// neiracoreWebhook is what Neiracore's create returns.
type neiracoreWebhook struct {
	ID, AgentAid, URL, Status string
	Events                    []string
}

// neiracore creates a webhook as Neiracore's clients do: the agent is named in
// the body.
func (a *agent) neiracore(t *testing.T, to *inbox, secret string, events ...string) neiracoreWebhook {
	t.Helper()
	w := neiracoreWebhook{}
	req, err := json.Marshal(map[string]any{"agentAid": a.tenant, "url": to.URL + "/api/neiracore-webhook", "events": events, "secret": secret})
	if err != nil {
		t.Fatal(err)
	}
	answer := a.must(t, http.StatusCreated, http.MethodPost, a.subscriptions+"/v1/webhooks", req)
	decode(t, answer, &w)
	if strings.Contains(string(answer), secret) {
		t.Errorf("the answer shows the caller's secret: %s", answer)
	}
	return w
}

func (a *agent) neiracoreStatus(t *testing.T, id string) string {
	t.Helper()
	w := neiracoreWebhook{}
	decode(t, a.must(t, http.StatusOK, http.MethodGet, a.subscriptions+"/v1/webhooks/"+id, nil), &w)
	return w.Status
}

// N1: create takes agent, URL, events and the caller's secret, whatever text
// that is, and returns an object with an id.
func TestN1CreateReturnsID(t *testing.T) {
	a := join(t)
	for _, secret := range []string{neiracoreSecret, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "any text", "schlüssel ✓"} {
		to := collect(t, nil)
		made := a.neiracore(t, to, secret, "task.claimed", "task.submitted")
		want := neiracoreWebhook{made.ID, a.tenant, to.URL + "/api/neiracore-webhook", "active", []string{"task.claimed", "task.submitted"}}
		if diff := cmp.Diff(want, made); diff != "" || made.ID == "" {
			t.Errorf("created with id %q: %s", made.ID, diff)
		}
		a.emit(t, "task.claimed", `{"taskId":"t1"}`)
		p := to.await(t, 1)[0]
		checkHeader(t, p, "X-Neiracore-Signature", hexMAC(secret, p.body))
	}
	var list struct{ Data []neiracoreWebhook }
	decode(t, a.must(t, http.StatusOK, http.MethodGet, a.subscriptions+"/v1/webhooks?agentAid="+a.tenant, nil), &list)
	if len(list.Data) != 4 {
		t.Errorf("the list has %d webhooks, want 4", len(list.Data))
	}
}

// N2: the signature is the bare lowercase hex of HMAC-SHA256 over the raw body,
// and the key is the secret's own text.
func TestN2BareHexSignature(t *testing.T) {
	a := join(t)
	to := collect(t, nil)
	a.neiracore(t, to, neiracoreSecret, "thread.message")
	a.emit(t, "thread.message", `{ "content": "Hello, ünïcode <script>" ,"n":1.10 }`)
	p := to.await(t, 1)[0]
	checkHeader(t, p, "X-Neiracore-Signature", hexMAC(neiracoreSecret, p.body))
	if got := p.header.Get("x-neiracore-signature"); !regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(got) {
		t.Errorf("the signature is %q, want 64 lowercase hex digits and no more", got)
	}
	checkAlongside(t, p, neiracoreSecret)
}

// N3: the body is that of Neiracore's page, with a time in whole seconds.
func TestN3Body(t *testing.T) {
	a := join(t)
	to := collect(t, nil)
	a.neiracore(t, to, neiracoreSecret, "thread.message")
	const data = `{"threadId":"thr_xyz","senderAid":"a1b2c3d4...","content":"Hello!","messageId":"msg_def456"}`
	id := a.at(t, "thread.message", "2025-01-15T10:30:00.987Z", data)
	want := `{"id":"` + id + `","type":"thread.message","timestamp":"2025-01-15T10:30:00Z","data":` + data + `}`
	if got := to.await(t, 1)[0]; string(got.body) != want {
		t.Errorf("the body is %s, want %s", got.body, want)
	}
	if !strings.HasPrefix(id, "evt_") {
		t.Errorf("the event's id is %q, want one that begins with evt_", id)
	}
}

var neiracoreTypes = []string{
	"thread.message", "thread.created", "task.claimed", "task.submitted", "task.accepted", "task.rejected",
	"presence.changed", "group.member_joined", "marketplace.order",
}

// N4: the catalogue has Neiracore's types, and each is delivered.
func TestN4EventTypes(t *testing.T) {
	a := join(t)
	known := a.catalogue(t, "neiracore")
	for _, name := range neiracoreTypes {
		if e, ok := known[name]; !ok || e.Deprecated || e.Description == "" {
			t.Errorf("the catalogue has %s as %+v, %t", name, e, ok)
		}
	}
	to := collect(t, nil)
	a.neiracore(t, to, neiracoreSecret, neiracoreTypes...)
	came := map[string]bool{}
	for _, name := range neiracoreTypes {
		a.emit(t, name, `{}`)
	}
	for _, p := range to.await(t, len(neiracoreTypes)) {
		var body struct{ Type string }
		decode(t, p.body, &body)
		came[body.Type] = true
	}
	if len(came) != len(neiracoreTypes) {
		t.Errorf("delivered: %v", came)
	}
}

// catalogueEntry is an event type, as the API shows it.
type catalogueEntry struct {
	Name, Description string
	Deprecated        bool
	Sunset            *time.Time
}

// catalogue are the event types of a tenant that speaks the dialect.
func (a *agent) catalogue(t *testing.T, dialectName string) map[string]catalogueEntry {
	t.Helper()
	a.must(t, http.StatusOK, http.MethodPut, a.subscriptions+"/v1/tenants/"+a.tenant, []byte(`{"dialect":"`+dialectName+`"}`))
	var list struct{ Data []catalogueEntry }
	a.ask(t, http.StatusOK, http.MethodGet, "/v1/event-types", nil, &list)
	known := make(map[string]catalogueEntry, len(list.Data))
	for _, e := range list.Data {
		known[e.Name] = e
	}
	return known
}

// N5: whatever is not 2xx is tried three times more; then the webhook is paused,
// and its owner and the operator are told.
func TestN5ThreeRetriesThenPaused(t *testing.T) {
	a := join(t)
	to := collect(t, answers(500, 404, 302, 410, 400))
	made := a.neiracore(t, to, neiracoreSecret, "task.claimed")
	id := a.emit(t, "task.claimed", `{"taskId":"t1"}`)
	posts := to.await(t, 4)
	checkWaits(t, posts, 100*time.Millisecond, 200*time.Millisecond, 500*time.Millisecond)
	for _, p := range posts[1:] {
		checkHeader(t, p, "webhook-id", posts[0].header.Get("webhook-id"))
		if string(p.body) != string(posts[0].body) {
			t.Errorf("POST %d has the body %s, the first had %s", p.nth, p.body, posts[0].body)
		}
	}
	eventually(t, "the webhook to be paused", func() bool { return a.neiracoreStatus(t, made.ID) == "paused" }, nil)
	d := a.outcome(t, id)
	if d.Status != "failed" || d.Attempts != 4 || d.ResponseStatus == nil || *d.ResponseStatus != 410 {
		t.Errorf("the delivery is %+v", d)
	}
	a.checkTold(t, made.ID, "consecutive_failures")
	a.checkSilent(t, to, "task.claimed")
}

// A failure that is made good pauses nothing.
func TestN5SuccessKeepsActive(t *testing.T) {
	a := join(t)
	to := collect(t, answers(500, 500, 500))
	made := a.neiracore(t, to, neiracoreSecret, "task.claimed")
	id := a.emit(t, "task.claimed", `{}`)
	if d := a.outcome(t, id); d.Status != "delivered" || d.Attempts != 4 {
		t.Errorf("the delivery is %+v", d)
	}
	if got := a.neiracoreStatus(t, made.ID); got != "active" {
		t.Errorf("the webhook is %s", got)
	}
}

// N5: built in are three retries, after 10 s, 60 s and 300 s.
func TestN5BuiltInSchedule(t *testing.T) {
	a := join(t)
	a.strict(t).checkBuiltIn(t, "neiracore", 1, 10*time.Second, 60*time.Second, 300*time.Second)
}

// checkBuiltIn holds a dialect, and what the API shows of a subscription in it,
// to a schedule and to when it disables. All have 10 s for the whole answer.
func (a *agent) checkBuiltIn(t *testing.T, name string, disableAfter int, delays ...time.Duration) {
	t.Helper()
	d, _ := dialect.Builtin().Get(name)
	if diff := cmp.Diff(delays, d.Delays); diff != "" || d.DisableAfter != disableAfter || d.Timeout != 10*time.Second {
		t.Errorf("%s: disabled after %d, timeout %s, delays %s", name, d.DisableAfter, d.Timeout, diff)
	}
	req := map[string]any{"url": "https://93.184.215.14/" + name, "dialect": name, "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}
	if d.AllTypes {
		delete(req, "secret")
	} else {
		req["eventTypes"] = []string{"*"}
	}
	var out struct {
		Data struct {
			Timeout      string
			DisableAfter int
			RetryPolicy  retryPolicy
		}
	}
	a.ask(t, http.StatusCreated, http.MethodPost, "/v1/event-subscriptions", req, &out)
	want := retryPolicy{len(delays) + 1, delays[0].Seconds(), delays[len(delays)-1].Seconds()}
	if got := out.Data; got.RetryPolicy != want || got.DisableAfter != disableAfter || got.Timeout != "10s" {
		t.Errorf("the API shows %+v, want %+v", got, want)
	}
}

// retryPolicy is what the API shows of a schedule.
type retryPolicy struct {
	MaxAttempts                              int
	InitialBackoffSeconds, MaxBackoffSeconds float64
}

// N6: the developer's own machine sends a signed test event.
func TestN6CommandLine(t *testing.T) {
	begin(t)
	to := collect(t, nil)
	url := to.URL + "/api/neiracore-webhook"
	p := start(t, "webhook test", posthaste(t), nil, "webhook", "test", "--url", url, "--dialect", "neiracore", "--secret", neiracoreSecret)
	if code := p.exitCode(t); code != 0 {
		t.Fatalf("exit code %d: %s", code, p.log.String())
	}
	got := to.await(t, 1)[0]
	checkHeader(t, got, "X-Neiracore-Signature", hexMAC(neiracoreSecret, got.body))
	shape := `^\{"id":"evt_[^"]+","type":"ping","timestamp":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ","data":\{.*\}\}$`
	if !regexp.MustCompile(shape).Match(got.body) {
		t.Errorf("the body is %s", got.body)
	}
	if strings.Contains(p.out.String()+p.log.String(), neiracoreSecret) {
		t.Error("the secret is shown")
	}
}

// N6: an endpoint that refuses is told of, for scripts too.
func TestN6CommandLineFails(t *testing.T) {
	begin(t)
	to := collect(t, always(401))
	p := start(t, "webhook test", posthaste(t), nil, "webhook", "test", "--url", to.URL, "--dialect", "neiracore",
		"--secret", neiracoreSecret, "--type", "task.claimed")
	if code := p.exitCode(t); code == 0 || !strings.Contains(p.log.String(), "401") {
		t.Errorf("exit code %d: %s", code, p.log.String())
	}
	var body struct{ Type string }
	decode(t, to.await(t, 1)[0].body, &body)
	if body.Type != "task.claimed" {
		t.Errorf("the type is %q", body.Type)
	}
}
