package dispatcher

import (
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/posthaste/posthaste/pkg/webhook"
	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/testbed"
)

// older is a secret that secret takes the place of.
const older = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"

// While a secret rotates both sign, where the header takes two signatures. Else
// the newest does, and the standard headers have both.
func TestRotation(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.start(t)
	for _, name := range h.deps.Dialects.Names() {
		e := newEndpoint(t, nil)
		h.fresh(t, h.wish(t, e.URL, speaks(name), signs(secret, older)), 1)
		testbed.Eventually(t, name+" is delivered", func() bool { return e.count() == 1 })
		p, d := e.posts()[0], named(name)
		if err := verifies(t, p, d.Scheme, secret); err != nil {
			t.Errorf("%s: the newest secret is refused: %v", name, err)
		}
		single := d.Scheme.Form == webhook.FormSingle
		if err := verifies(t, p, d.Scheme, older); (err != nil) != single {
			t.Errorf("%s: of two secrets the older one: %v", name, err)
		}
		if err := verifies(t, p, webhook.Standard(), older); d.StandardHeaders && err != nil {
			t.Errorf("%s: the standard signature by the older secret: %v", name, err)
		}
	}
	h.settled(t)
}

func TestEd25519(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	private, public := webhook.NewKeyPair()
	e := newEndpoint(t, failsUntil(2))
	h.start(t)
	h.fresh(t, h.wish(t, e.URL, signs(private.Reveal(), secret)), 1)
	for _, r := range h.attempts(t, 2) {
		if strings.Contains(string(r.GetRequestHeader()), "v1a,") {
			t.Errorf("the record shows the signature: %s", r.GetRequestHeader())
		}
	}
	v, err := webhook.NewVerifier(nil, webhook.WithPublicKeys(public))
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range e.posts() {
		if err := v.Verify(p.Header, []byte(p.body)); err != nil {
			t.Errorf("attempt %d by the public key: %v", i+1, err)
		}
		verify(t, p) // and by the secret that it changes over from
	}
}

// A rotation holds for the next POST after the index has it, however many are
// under way, and needs no pause in them.
func TestRotationUnderTraffic(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	e := newEndpoint(t, nil)
	h.start(t)
	sub := h.wish(t, e.URL, signs(older))
	h.fresh(t, sub, 2000)
	testbed.Eventually(t, "traffic", func() bool { return e.count() > 20 })
	changed, err := h.live.Store.UpdateOpened(t.Context(), "t", sub, time.Now(), func(s *posthastev1.Subscription) (bool, error) {
		signs(secret)(s)
		return true, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.live.Watcher.Await(t.Context(), changed.Revision); err != nil {
		t.Fatal(err)
	}
	after := map[string]bool{}
	for _, id := range h.fresh(t, sub, 100) {
		after[id] = true
	}
	h.settled(t)
	for _, p := range e.posts() {
		err := verifies(t, p, webhook.Standard(), secret)
		if id := p.Header.Get(webhook.HeaderID); err != nil && after[id] {
			t.Fatalf("a delivery made after the rotation: %v", err)
		} else if err != nil && verifies(t, p, webhook.Standard(), older) != nil {
			t.Fatalf("delivery %s is signed by neither secret", id)
		}
	}
}

// A secret that expires between two attempts does not sign the second.
func TestSecretExpiresBetweenAttempts(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	e := newEndpoint(t, failsUntil(2))
	expires := time.Now().Add(time.Second)
	h.start(t)
	sub := h.wish(t, e.URL, signs(secret, older), delays(1200*time.Millisecond), func(s *posthastev1.Subscription) {
		s.Secrets[1].ExpiresAt = timestamppb.New(expires)
	})
	h.fresh(t, sub, 1)
	h.attempts(t, 2)
	first, second := e.posts()[0], e.posts()[1]
	if got := signatures(first); first.at.Before(expires) && got != 2 {
		t.Errorf("the first attempt has %d signatures, want 2", got)
	}
	if got := signatures(second); got != 1 {
		t.Errorf("the second attempt has %d signatures, want 1", got)
	}
	verify(t, second)
}

func signatures(p posted) int { return len(strings.Fields(p.Header.Get(webhook.HeaderSignature))) }
