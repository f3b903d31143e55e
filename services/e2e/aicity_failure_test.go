package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/posthaste/posthaste/pkg/webhook"
)

// C9: three attempts, then the delivery has failed for good. Built in are waits
// of 5 s and 30 s.
func TestC9ThreeAttempts(t *testing.T) {
	a := join(t)
	to := collect(t, answers(500, 404, 301))
	a.city(t, to)
	id := a.emit(t, "task.assigned", `{}`)
	d := a.outcome(t, id)
	if d.Status != "failed" || d.Attempts != 3 || d.ResponseStatus == nil || *d.ResponseStatus != 301 {
		t.Errorf("the delivery is %+v", d)
	}
	checkWaits(t, to.all(), 100*time.Millisecond, 200*time.Millisecond)
	if got := a.webhook(t); !got.Enabled || *got.FailCount != 1 {
		t.Errorf("the webhook is %+v", got)
	}
}

// C9, C10, C11: 5 s and 30 s, ten failures and 10 s are built in.
func TestC9BuiltInSchedule(t *testing.T) {
	a := join(t)
	a.strict(t).checkBuiltIn(t, "aicity", 10, 5*time.Second, 30*time.Second)
}

// C10: ten failed deliveries in a row, of whatever types, disable the webhook;
// its events can be polled, and registering again enables it.
func TestC10TenFailuresDisable(t *testing.T) {
	a := join(t)
	to := collect(t, always(500))
	a.city(t, to)
	a.failing(t, 9)
	to.become(nil)
	a.outcome(t, a.emit(t, "task.completed", `{}`))
	if got := a.webhook(t); !got.Enabled || *got.FailCount != 0 {
		t.Fatalf("a success after nine failures leaves the webhook %+v", got)
	}
	to.become(always(500))
	a.failing(t, 10)
	eventually(t, "the webhook to be disabled", func() bool { return !a.webhook(t).Enabled }, nil)
	if got := a.webhook(t); *got.FailCount != 10 {
		t.Errorf("disabled as %+v", got)
	}
	if n := len(to.all()); n != 9*3+1+10*3 {
		t.Errorf("%d POSTs came", n)
	}
	a.checkSilent(t, to, "task.assigned")
	to.become(nil)
	if got := a.city(t, to); !got.Enabled {
		t.Errorf("registered again as %+v", got)
	}
	if got := a.webhook(t); !got.Enabled || *got.FailCount != 0 {
		t.Errorf("registered again, the webhook is %+v", got)
	}
	before := len(to.all())
	a.emit(t, "task.refunded", `{}`)
	to.await(t, before+1)
}

// failing publishes n events of several types, and returns when their
// deliveries have failed.
func (a *agent) failing(t *testing.T, n int) {
	t.Helper()
	ids := make([]string, n)
	for i := range ids {
		ids[i] = a.emit(t, cityTypes[i%6], `{}`)
	}
	for _, id := range ids {
		var d delivery
		eventually(t, "three failed attempts", func() bool {
			d = a.outcome(t, id)
			return d.Status == "failed" && d.Attempts == 3
		}, func() string { return fmt.Sprintf("the delivery is %+v", d) })
	}
}

// C11: an answer that is not complete in time fails the attempt.
func TestC11Timeout(t *testing.T) {
	a := join(t)
	over := make(chan struct{})
	to := collect(t, func(w http.ResponseWriter, p post) {
		if p.nth == 1 { // begins in time, and does not end
			_, _ = w.Write([]byte("begun"))
			_ = http.NewResponseController(w).Flush()
			<-over
		}
	})
	t.Cleanup(func() { close(over) })
	a.subscribeAs(t, map[string]any{"url": to.URL, "dialect": "aicity", "timeout": "1s"})
	id := a.emit(t, "task.assigned", `{}`)
	d := a.outcome(t, id)
	if d.Status != "delivered" || d.Attempts != 2 {
		t.Errorf("the delivery is %+v", d)
	}
	if first := a.attemptLog(t, d.ID)[0]; first.Reason != "timeout" || first.DurationMs < 1000 {
		t.Errorf("the first attempt is %+v", first)
	}
}

// C11: a redirect is no success, and is not followed.
func TestC11Redirect(t *testing.T) {
	a := join(t)
	elsewhere := collect(t, nil)
	to := collect(t, func(w http.ResponseWriter, p post) {
		if p.nth == 1 {
			w.Header().Set("Location", elsewhere.URL)
			w.WriteHeader(http.StatusPermanentRedirect)
		}
	})
	a.city(t, to)
	d := a.outcome(t, a.emit(t, "task.assigned", `{}`))
	if first := a.attemptLog(t, d.ID)[0]; first.Reason != "redirect" || d.Attempts != 2 || len(elsewhere.all()) != 0 {
		t.Errorf("the first attempt is %+v, %d came to the other", first, len(elsewhere.all()))
	}
}

// attempt is what the API shows of one.
type attempt struct {
	Number         int
	Reason         string
	DurationMs     float64
	ResponseStatus *int
}

func (a *agent) attemptLog(t *testing.T, id string) []attempt {
	t.Helper()
	var out struct {
		Data struct{ AttemptLog []attempt }
	}
	a.ask(t, http.StatusOK, http.MethodGet, "/v1/deliveries/"+id, nil, &out)
	if len(out.Data.AttemptLog) == 0 {
		t.Fatalf("delivery %s has no attempts", id)
	}
	return out.Data.AttemptLog
}

// C12: deliveries are listed by status and in pages.
func TestC12Deliveries(t *testing.T) {
	a := join(t)
	to := collect(t, answers(500, 502, 503))
	a.city(t, to)
	a.outcome(t, a.emit(t, "task.failed", `{}`))
	for range 4 {
		a.outcome(t, a.emit(t, "task.assigned", `{}`))
	}
	failed, second := deliveryList{}, deliveryList{}
	a.ask(t, http.StatusOK, http.MethodGet, "/v1/webhook/deliveries?status=failed", nil, &failed)
	a.ask(t, http.StatusOK, http.MethodGet, "/v1/webhook/deliveries?page=2&pageSize=2", nil, &second)
	if len(failed.Data) != 1 || failed.Pagination.Total != 1 {
		t.Fatalf("failed are %+v", failed)
	}
	d := failed.Data[0]
	if d.EventType != "task.failed" || d.ResponseStatus == nil || *d.ResponseStatus != 503 || d.Attempts != 3 || d.LastAttemptAt == nil {
		t.Errorf("the failed one is %+v", d)
	}
	if p := second.Pagination; len(second.Data) != 2 || p.Page != 2 || p.PageSize != 2 || p.Total != 5 || p.TotalPages != 3 {
		t.Errorf("the second page is %+v", second)
	}
}

const (
	notHTTPS   = "Webhook URL must use HTTPS"
	private    = "Webhook URL must not resolve to a private or reserved IP address"
	unresolved = "Webhook URL hostname could not be resolved"
)

// C13: https alone is let in.
func TestC13HTTPSOnly(t *testing.T) {
	s := join(t).strict(t)
	for _, url := range []string{"http://93.184.215.14/hook", "HTTP://93.184.215.14/hook", "ftp://93.184.215.14/hook"} {
		if got := s.refused(t, http.MethodPut, "/v1/webhook", map[string]any{"url": url}); got != notHTTPS {
			t.Errorf("%s is refused with %q", url, got)
		}
	}
	made := registered{}
	s.ask(t, http.StatusOK, http.MethodPut, "/v1/webhook", map[string]any{"url": "https://93.184.215.14/hook"}, &made)
	if !made.Enabled {
		t.Errorf("https is registered as %+v", made)
	}
	s.refused(t, http.MethodPut, "/v1/webhook", map[string]any{"url": "http://93.184.215.14/hook"}) // again
}

// C14: what is, or resolves to, a private or reserved address is refused when
// it is registered.
func TestC14RefusedAtRegistration(t *testing.T) {
	s := join(t).strict(t)
	for _, host := range []string{
		"127.0.0.1", "127.255.255.254", "[::1]", "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1",
		"169.254.169.254", "[fe80::1]", "100.64.0.1", "100.127.255.255", "localhost", "LOCALHOST", "localhost.", "0.0.0.0",
		"[::ffff:127.0.0.1]", "[::ffff:10.0.0.1]",
	} {
		if got := s.refused(t, http.MethodPut, "/v1/webhook", map[string]any{"url": "https://" + host + "/hook"}); got != private {
			t.Errorf("%s is refused with %q", host, got)
		}
	}
	if got := s.refused(t, http.MethodPut, "/v1/webhook", map[string]any{"url": "https://no-such-host.invalid/hook"}); got != unresolved {
		t.Errorf("a name that does not resolve is refused with %q", got)
	}
	for _, host := range []string{"93.184.215.14", "172.32.0.1", "100.128.0.1", "11.0.0.1"} {
		s.ask(t, http.StatusOK, http.MethodPut, "/v1/webhook", map[string]any{"url": "https://" + host + "/hook"}, nil)
	}
}

// C14: a name that was let in, and has a private address when it is dialled,
// gets nothing; nor does an address. The dispatcher here is stricter than the
// control, so to it the name's address has changed.
func TestC14BlockedAtDelivery(t *testing.T) {
	begin(t)
	s := startStack(t, plan{dispatcher: env{"POSTHASTE_ALLOW_NETWORKS": ""}})
	to := collect(t, nil)
	for i, url := range []string{to.URL, strings.Replace(to.URL, "127.0.0.1", "localhost", 1)} {
		a := &agent{api: s.api, tenant: fmt.Sprintf("blocked-%d", i)}
		a.ask(t, http.StatusOK, http.MethodPut, "/v1/webhook", map[string]any{"url": url}, nil)
		d := a.blocked(t)
		if d.Reason != "blocked_address" || d.ResponseStatus != nil {
			t.Errorf("%s: the delivery is %+v", url, d)
		}
	}
	if n := len(to.all()); n != 0 {
		t.Errorf("%d POSTs came", n)
	}
}

// blocked is a delivery that was attempted. The router may hear of the webhook
// a moment after control.
func (a *agent) blocked(t *testing.T) delivery {
	t.Helper()
	list := deliveryList{}
	eventually(t, "an attempt", func() bool {
		a.emit(t, "task.assigned", `{}`)
		list = deliveryList{}
		a.ask(t, http.StatusOK, http.MethodGet, "/v1/webhook/deliveries", nil, &list)
		return len(list.Data) > 0
	}, nil)
	return list.Data[0]
}

// C15: an answer that is lost costs a repetition, which has the same ids.
func TestC15AtLeastOnce(t *testing.T) {
	a := join(t)
	to := collect(t, func(_ http.ResponseWriter, p post) {
		if p.nth == 1 {
			panic(http.ErrAbortHandler) // it was taken, and nobody hears of it
		}
	})
	a.city(t, to)
	d := a.outcome(t, a.emit(t, "task.assigned", `{}`))
	posts := to.all()
	if d.Status != "delivered" || len(posts) != 2 {
		t.Fatalf("the delivery is %+v, after %d POSTs", d, len(posts))
	}
	for _, p := range posts {
		checkHeader(t, p, "X-City-Delivery", d.ID)
		var body struct{ WebhookID string }
		decode(t, p.body, &body)
		if body.WebhookID != d.ID {
			t.Errorf("POST %d has the webhookId %q, want %q", p.nth, body.WebhookID, d.ID)
		}
	}
}

// C16: the helper says yes to what was delivered, and to nothing else.
func TestC16VerifyHelper(t *testing.T) {
	a := join(t)
	to := collect(t, nil)
	secret := a.city(t, to).Secret
	a.emit(t, "task.assigned", `{"taskId":"t1"}`)
	p := to.await(t, 1)[0]
	header := p.header.Get("x-city-signature")
	for _, c := range []struct {
		body           []byte
		header, secret string
		want           bool
	}{
		{p.body, header, secret, true},
		{append([]byte(" "), p.body...), header, secret, false},
		{p.body[:len(p.body)-1], header, secret, false},
		{p.body, strings.TrimPrefix(header, "sha256="), secret, false},
		{p.body, strings.ToUpper(header), secret, false},
		{p.body, header + "00", secret, false},
		{p.body, "", secret, false},
		{p.body, header, secret + "x", false},
		{p.body, header, "", false},
	} {
		if got := webhook.VerifySignature(webhook.AICity(), c.body, c.header, c.secret); got != c.want {
			t.Errorf("%q by %.9q… of %s: %t", c.header, c.secret, c.body, got)
		}
	}
}
