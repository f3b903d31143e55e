package receiver

import (
	"bytes"
	"net/http"
	"strconv"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/posthaste/posthaste/pkg/webhook"
	"github.com/posthaste/posthaste/services/cmd/chaos/internal/stack"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const subscription = "t1/steady"

// house is a receiver, and a sender that it trusts.
type house struct {
	*Receiver
	signer *webhook.Signer
	http   *http.Client
}

func open(t *testing.T, manner Manner) *house {
	t.Helper()
	r, err := Open(t.Context(), "steady", manner)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	secret := webhook.NewSecret()
	if err := r.Trust(subscription, secret.Reveal()); err != nil {
		t.Fatal(err)
	}
	signer, err := webhook.NewSigner(secret)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &house{r, signer, &http.Client{Transport: transport}}
}

// post sends an event and returns the answer's status.
func (h *house) post(t *testing.T, to, body string, attempt int) int {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, "http://"+h.Addr()+Path(to), bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	req.Header.Set(webhook.HeaderID, "dlv_1")
	req.Header.Set(webhook.HeaderTimestamp, strconv.FormatInt(now.Unix(), 10))
	req.Header.Set(webhook.HeaderSignature, h.signer.Sign("dlv_1", now, []byte(body)))
	req.Header.Set(stack.HeaderAttempt, strconv.Itoa(attempt))
	res, err := h.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	return res.StatusCode
}

const body = `{"id":"e1","type":"x","data":{"n":10,"poison":true}}`

func TestLog(t *testing.T) {
	t.Parallel()
	h := open(t, Steady)
	if got := h.post(t, subscription, body, 3); got != http.StatusOK {
		t.Errorf("answered %d", got)
	}
	h.Flap(true)
	if got := h.post(t, subscription, body, 4); got != http.StatusInternalServerError {
		t.Errorf("flapping, it answered %d", got)
	}
	log := h.Log()
	if len(log) != 2 || log[0].Event != "e1" || log[0].Subscription != subscription || log[0].Endpoint != "steady" ||
		log[0].Attempt != 3 || log[0].Status != 200 || log[1].Status != 500 || log[0].Forged || log[0].Answered.Before(log[0].At) {
		t.Errorf("%+v", log)
	}
}

// A wrong clock refuses what is genuine; a right one only what is forged.
func TestVerifies(t *testing.T) {
	t.Parallel()
	h := open(t, Steady)
	for _, skew := range []time.Duration{time.Minute, -time.Minute} {
		h.Skew(skew)
		if got := h.post(t, subscription, body, 1); got != http.StatusBadRequest {
			t.Errorf("with its clock %s off it answered %d", skew, got)
		}
	}
	h.Skew(0)
	if got := h.post(t, subscription, body, 1); got != http.StatusOK {
		t.Errorf("with its clock right again it answered %d", got)
	}
	if got := h.post(t, "t2/steady", body, 1); got != http.StatusUnauthorized {
		t.Errorf("for another subscription it answered %d", got)
	}
	log := h.Log()
	if last := log[len(log)-1]; !last.Forged || log[0].Forged || log[2].Forged {
		t.Errorf("%+v", log)
	}
}

func TestManners(t *testing.T) {
	t.Parallel()
	var good, poison Event
	poison.Data.Poison, good.Data.N = true, 7
	for name, c := range map[string]struct {
		manner Manner
		since  time.Duration
		event  Event
		status int
	}{
		"steady": {Steady, 0, poison, 200}, "slow": {Slow, 0, poison, 200},
		"picky": {Picky, 0, good, 200}, "picky, poison": {Picky, 0, poison, 500},
		"flappy": {Flappy, 4100 * time.Millisecond, good, 500}, "flappy, up": {Flappy, 4500 * time.Millisecond, good, 200},
	} {
		wait, status := c.manner(c.since, c.event)
		if status != c.status || wait > 150*time.Millisecond {
			t.Errorf("%s: %d after %s", name, status, wait)
		}
	}
	if wait, _ := Slow(0, good); wait < 20*time.Millisecond {
		t.Errorf("slow is not: %s", wait)
	}
}
