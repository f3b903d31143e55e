package e2e

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/posthaste/posthaste/services/internal/dialect"
)

const standardSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// standardMAC is a signature of Standard Webhooks 1.0.
func standardMAC(t *testing.T, secret string, p post) string {
	t.Helper()
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha256.New, key)
	mac.Write(signedContent(p))
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func signedContent(p post) []byte {
	return append([]byte(p.header.Get("webhook-id")+"."+p.header.Get("webhook-timestamp")+"."), p.body...)
}

// webhook-id is the delivery's and stays, webhook-timestamp is the attempt's,
// and webhook-signature is v1.
func TestStandardHeaders(t *testing.T) {
	a := join(t)
	to := collect(t, answers(500, 500))
	a.subscribeTo(t, to, "standard", standardSecret, "job.done")
	d := a.outcome(t, a.emit(t, "job.done", `{ "n":1.10 }`))
	for _, p := range to.all() {
		checkHeader(t, p, "Content-Type", "application/json")
		checkHeader(t, p, "webhook-id", d.ID)
		checkHeader(t, p, "webhook-signature", standardMAC(t, standardSecret, p))
		checkAlongside(t, p, standardSecret)
		seconds, err := strconv.ParseInt(p.header.Get("webhook-timestamp"), 10, 64)
		if age := p.at.Sub(time.Unix(seconds, 0)); err != nil || age < 0 || age > patience {
			t.Errorf("POST %d was sent %s before it came: %v", p.nth, age, err)
		}
	}
	if d.Status != "delivered" || len(to.all()) != 3 {
		t.Errorf("the delivery is %+v after %d POSTs", d, len(to.all()))
	}
}

// The timestamp is that of the attempt, not of the event or the first attempt.
func TestStandardTimestampIsTheAttempts(t *testing.T) {
	a := join(t)
	to := collect(t, answers(500))
	a.subscribeAs(t, map[string]any{
		"url": to.URL, "dialect": "standard", "eventTypes": []string{"job.done"}, "secret": standardSecret,
		"retryPolicy": map[string]any{"delays": []string{"2s"}},
	})
	a.at(t, "job.done", "2025-01-15T10:30:00Z", `{}`)
	posts := to.await(t, 2)
	first, second := posts[0].header.Get("webhook-timestamp"), posts[1].header.Get("webhook-timestamp")
	if first >= second || first < strconv.FormatInt(posts[0].at.Add(-patience).Unix(), 10) {
		t.Errorf("the attempts are of %s and %s", first, second)
	}
}

// The body is {"id","type","timestamp","data"}.
func TestStandardBody(t *testing.T) {
	a := join(t)
	to := collect(t, nil)
	a.subscribeTo(t, to, "standard", "", "job.done")
	id := a.at(t, "job.done", "2025-01-15T10:30:00.123456Z", `{"b":1,"a":[1.0]}`)
	want := `{"id":"` + id + `","type":"job.done","timestamp":"2025-01-15T10:30:00.123456Z","data":{"b":1,"a":[1.0]}}`
	if p := to.await(t, 1)[0]; string(p.body) != want {
		t.Errorf("the body is %s, want %s", p.body, want)
	}
}

// A secret that is made here is whsec_; an ed25519 key is kept, and its public
// half, whpk_, verifies v1a.
func TestStandardEd25519(t *testing.T) {
	a := join(t)
	to := collect(t, nil)
	sub := a.subscribeAs(t, map[string]any{
		"url": to.URL, "dialect": "standard", "eventTypes": []string{"job.done"}, "signingAlgorithm": "ed25519",
	})
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(sub.PublicKey, "whpk_"))
	if err != nil || len(key) != ed25519.PublicKeySize || !strings.HasPrefix(sub.PublicKey, "whpk_") || sub.Secret != "" || sub.SigningAlgorithm != "ed25519" {
		t.Fatalf("created as %+v: %v", sub, err)
	}
	a.emit(t, "job.done", `{}`)
	p := to.await(t, 1)[0]
	signature, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(p.header.Get("webhook-signature"), "v1a,"))
	if err != nil || !ed25519.Verify(key, signedContent(p), signature) {
		t.Errorf("the signature %q is wrong: %v", p.header.Get("webhook-signature"), err)
	}
}

// A caller may bring its own ed25519 key, which is not shown.
func TestStandardEd25519OfTheCaller(t *testing.T) {
	a := join(t)
	to := collect(t, nil)
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	sub := a.subscribeTo(t, to, "standard", "whsk_"+base64.StdEncoding.EncodeToString(private), "job.done")
	if want := "whpk_" + base64.StdEncoding.EncodeToString(public); sub.PublicKey != want || sub.Secret != "" {
		t.Errorf("created as %+v, want the public key %s", sub, want)
	}
	a.emit(t, "job.done", `{}`)
	p := to.await(t, 1)[0]
	want := "v1a," + base64.StdEncoding.EncodeToString(ed25519.Sign(private, signedContent(p)))
	checkHeader(t, p, "webhook-signature", want)
}

// Built in are 10 s, 60 s, 300 s, and ten failures in a row.
func TestStandardBuiltInSchedule(t *testing.T) {
	a := join(t)
	a.strict(t).checkBuiltIn(t, "standard", 10, 10*time.Second, 60*time.Second, 300*time.Second)
	if got := dialect.Builtin().Default().Name; got != "standard" {
		t.Errorf("the default is %s", got)
	}
}

// Ten failed deliveries in a row disable.
func TestStandardTenFailuresDisable(t *testing.T) {
	a := join(t)
	to := collect(t, always(500))
	sub := a.subscribeTo(t, to, "standard", "", "job.done")
	for i := range 10 {
		if got := a.subscription(t, sub.ID); got.Status != "active" || got.FailCount == nil || *got.FailCount != i {
			t.Fatalf("after %d failed deliveries the subscription is %+v", i, got)
		}
		a.outcome(t, a.emit(t, "job.done", `{}`))
	}
	if got := a.subscription(t, sub.ID); got.Status != "disabled" || got.DisabledReason != "consecutive_failures" {
		t.Errorf("after ten the subscription is %+v", got)
	}
	a.checkTold(t, sub.ID, "consecutive_failures")
	a.checkSilent(t, to, "job.done")
}

// A delivery in GitHub's shape passes what GitHub's page "Validating webhook
// deliveries" says: X-Hub-Signature-256 is sha256= and the hex of HMAC-SHA256
// over the payload, which is the data and nothing else.
func TestGitHubDelivery(t *testing.T) {
	a := join(t)
	to := collect(t, nil)
	const secret = "It's a Secret to Everybody"
	a.subscribeTo(t, to, "github", secret, "pull_request")
	a.emit(t, "pull_request", `{"action": "opened","number":1}`)
	p := to.await(t, 1)[0]
	checkHeader(t, p, "X-Hub-Signature-256", "sha256="+hexMAC(secret, p.body))
	checkHeader(t, p, "X-GitHub-Event", "pull_request")
	checkHeader(t, p, "X-GitHub-Delivery", p.header.Get("webhook-id"))
	checkAlongside(t, p, secret)
	if string(p.body) != `{"action": "opened","number":1}` {
		t.Errorf("the body is %s", p.body)
	}
}

// A delivery in Stripe's shape passes what Stripe's page "Verify webhook
// signatures manually" says: Stripe-Signature has a time t and signatures v1,
// each the hex of HMAC-SHA256 over the time, a full stop and the payload.
func TestStripeDelivery(t *testing.T) {
	a := join(t)
	to := collect(t, nil)
	const secret = "whsec_test_secret"
	sub := a.subscribeTo(t, to, "stripe", secret, "invoice.paid")
	a.emit(t, "invoice.paid", `{"amount":2000}`)
	p := to.await(t, 1)[0]
	checkStripe(t, p, secret)
	checkAlongside(t, p, secret)
	shape := `^\{"id":"evt_[^"]+","object":"event","type":"invoice\.paid","created":\d+,"livemode":true,"data":\{"object":\{"amount":2000\}\}\}$`
	if !regexp.MustCompile(shape).Match(p.body) {
		t.Errorf("the body is %s", p.body)
	}
	a.rotate(t, sub.ID, map[string]any{"secret": "whsec_next_secret"})
	a.emit(t, "invoice.paid", `{}`)
	checkStripe(t, to.await(t, 2)[1], "whsec_next_secret", secret)
}

// checkStripe holds a delivery to a signature by each of the secrets, in their
// order.
func checkStripe(t *testing.T, p post, secrets ...string) {
	t.Helper()
	at, signatures := "", []string(nil)
	for part := range strings.SplitSeq(p.header.Get("Stripe-Signature"), ",") {
		switch name, value, _ := strings.Cut(part, "="); name {
		case "t":
			at = value
		case "v1":
			signatures = append(signatures, value)
		default:
			t.Errorf("the signature has the part %q", part)
		}
	}
	seconds, err := strconv.ParseInt(at, 10, 64)
	if age := p.at.Sub(time.Unix(seconds, 0)); err != nil || age < 0 || age > 5*time.Minute { // Stripe's tolerance
		t.Errorf("the time is %q", at)
	}
	var want []string
	for _, secret := range secrets {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(at + "."))
		mac.Write(p.body)
		want = append(want, hex.EncodeToString(mac.Sum(nil)))
	}
	if !slices.Equal(signatures, want) {
		t.Errorf("the signatures are %q, want %q", signatures, want)
	}
}

// rotate gives a subscription a new secret. What was made here is returned.
func (a *agent) rotate(t *testing.T, id string, req map[string]any) string {
	t.Helper()
	var out struct{ Data dialectSubscription }
	a.ask(t, http.StatusOK, http.MethodPost, "/v1/event-subscriptions/"+id+"/rotate-secret", req, &out)
	return out.Data.Secret
}
