package e2e

import (
	"net/http"
	"regexp"
	"strconv"
	"testing"
	"time"
)

const nextSecret = "whsec_ISEhISEhISEhISEhISEhISEhISEhISEh"

// While events flow at 100 a second a secret is rotated with overlap: what is
// sent after the answer is signed with both, in a single header with the new
// one, and nothing that is sent fails to verify.
func TestRotationUnderTraffic(t *testing.T) {
	a := join(t)
	a.tenant = "default" // startLoad's
	list, single := collect(t, nil), collect(t, nil)
	subs := []dialectSubscription{
		a.subscribeTo(t, list, "standard", standardSecret, "rotate.load"),
		a.subscribeTo(t, single, "github", standardSecret, "rotate.load"),
	}
	const batch = 5
	l := startLoad(t, a.api, pace{"rotate.load", batch, 50 * time.Millisecond})
	l.awaitAccepted(t, 50)
	for _, sub := range subs {
		a.rotate(t, sub.ID, map[string]any{"secret": nextSecret, "overlap": "1h"})
	}
	rotated, _ := l.counts()
	rotated += batch // which may have been under way
	l.awaitAccepted(t, rotated+100)
	ids := l.stop()
	before, after := 0, 0
	for _, in := range []*inbox{list, single} {
		for n, p := range numbered(t, in, len(ids)) {
			checkAlongside(t, p, standardSecret) // who knows the old one alone loses nothing
			if bySingle(p) != standardSecret && bySingle(p) != nextSecret {
				t.Errorf("POST %d has the signature %q", p.nth, p.header.Values("X-Hub-Signature-256"))
			}
			switch {
			case n >= rotated:
				after++
				checkBoth(t, p)
			case p.header.Get("webhook-signature") == standardMAC(t, standardSecret, p):
				before++
			}
		}
	}
	if before < 2*40 || after < 2*100 {
		t.Errorf("%d POSTs were signed with the old secret alone, and %d with both", before, after)
	}
}

// checkBoth holds a POST to the new secret, and to the old one beside it.
func checkBoth(t *testing.T, p post) {
	t.Helper()
	checkHeader(t, p, "webhook-signature", standardMAC(t, nextSecret, p)+" "+standardMAC(t, standardSecret, p))
	if bySingle(p) != nextSecret {
		t.Errorf("POST %d has the signature %q, want the new secret's", p.nth, p.header.Values("X-Hub-Signature-256"))
	}
}

// bySingle is the secret of GitHub's header, which has one signature; the new
// one where there is no such header, and "" where it is wrong.
func bySingle(p post) string {
	values := p.header.Values("X-Hub-Signature-256")
	for _, secret := range []string{nextSecret, standardSecret} {
		if len(values) == 0 || len(values) == 1 && values[0] == "sha256="+hexMAC(secret, p.body) {
			return secret
		}
	}
	return ""
}

var loadNumber = regexp.MustCompile(`"n": ?(\d+)`)

// numbered are the POSTs of a load, in the order in which its events were sent.
func numbered(t *testing.T, in *inbox, n int) []post {
	t.Helper()
	byNumber := make([]post, n)
	for _, p := range in.await(t, n) {
		found := loadNumber.FindSubmatch(p.body)
		if found == nil {
			t.Fatalf("POST %d has the body %s", p.nth, p.body)
		}
		number, err := strconv.Atoi(string(found[1]))
		if err != nil || number >= n || byNumber[number].nth != 0 {
			t.Fatalf("POST %d is of event %s of %d, or comes again", p.nth, found[1], n)
		}
		byNumber[number] = p
	}
	return byNumber
}

// A delivery that was made before the rotation and is tried after it is signed
// with the new secret, and with the old one while they overlap.
func TestRotationBetweenAttempts(t *testing.T) {
	a := join(t)
	for _, dialectName := range []string{"standard", "github"} {
		to, fail := held(t)
		sub := a.subscribeTo(t, to, dialectName, standardSecret, "rotate.retry")
		a.emit(t, "rotate.retry", `{}`)
		first := to.await(t, 1)[0]
		a.rotate(t, sub.ID, map[string]any{"secret": nextSecret, "overlap": "1h"})
		fail()
		checkHeader(t, first, "webhook-signature", standardMAC(t, standardSecret, first))
		checkBoth(t, to.await(t, 2)[1])
		a.ask(t, http.StatusAccepted, http.MethodDelete, "/v1/event-subscriptions/"+sub.ID, nil, nil)
	}
}

// Without overlap the old secret signs nothing any more, not even a retry.
func TestRotationWithoutOverlap(t *testing.T) {
	a := join(t)
	to, fail := held(t)
	sub := a.subscribeTo(t, to, "standard", standardSecret, "rotate.now")
	a.emit(t, "rotate.now", `{}`)
	to.await(t, 1)
	made := a.rotate(t, sub.ID, map[string]any{"overlap": "0s"})
	fail()
	a.emit(t, "rotate.now", `{}`)
	for _, p := range to.await(t, 3)[1:] {
		checkHeader(t, p, "webhook-signature", standardMAC(t, made, p))
	}
}

// An overlap ends by itself, without a change of the subscription.
func TestRotationOverlapEnds(t *testing.T) {
	a := join(t)
	to := collect(t, nil)
	sub := a.subscribeTo(t, to, "standard", standardSecret, "rotate.end")
	a.rotate(t, sub.ID, map[string]any{"secret": nextSecret, "overlap": "500ms"})
	eventually(t, "the overlap to end", func() bool {
		id := a.emit(t, "rotate.end", `{}`)
		a.outcome(t, id)
		all := to.all()
		p := all[len(all)-1]
		return p.header.Get("webhook-signature") == standardMAC(t, nextSecret, p)
	}, nil)
}
