package delay

import (
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/posthaste/posthaste/services/internal/delivery"
)

func TestPick(t *testing.T) {
	t.Parallel()
	for wait, want := range map[time.Duration]string{
		-time.Second: "", 0: "", slack: "",
		slack + 1: "100ms", 100 * time.Millisecond: "100ms", 174 * time.Millisecond: "100ms",
		175 * time.Millisecond: "200ms", 250 * time.Millisecond: "200ms", 999 * time.Millisecond: "1s",
		1300 * time.Millisecond: "1s", 10 * time.Second: "10s", 37 * time.Second: "30s", time.Minute: "60s",
		5 * time.Minute: "300s", time.Hour: "3600s", 48 * time.Hour: "3600s",
	} {
		tier, ok := Pick(wait)
		if ok != (want != "") || tier.Name != want {
			t.Errorf("%s goes to %q, want %q", wait, tier.Name, want)
		}
	}
}

// Whatever the wait, the tiers chosen for it one after the other add up to it:
// early by no more than the slack, late by no more than the shortest tier.
func TestPickAddsUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		wait := time.Duration(rapid.Int64Range(0, int64(26*time.Hour)).Draw(t, "wait"))
		if rapid.Bool().Draw(t, "short") {
			wait %= 3 * time.Second
		}
		rest := wait
		for hops := 0; ; hops++ {
			tier, ok := Pick(rest)
			if !ok {
				break
			}
			rest -= tier.Wait
			if hops > 100 {
				t.Fatalf("%s takes more than 100 tiers", wait)
			}
		}
		if rest > slack || rest < slack-Tiers[0].Wait {
			t.Fatalf("%s ends %s off", wait, rest)
		}
	})
}

func TestTiersRise(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for i, tier := range Tiers {
		if i > 0 && tier.Wait <= Tiers[i-1].Wait {
			t.Errorf("%s stands after %s", tier.Name, Tiers[i-1].Name)
		}
		if names[tier.Name] {
			t.Errorf("two tiers are called %s", tier.Name)
		}
		names[tier.Name] = true
		// At 100 a second a naked window must be full well within the wait, or the
		// server's timer never fires.
		if full := time.Duration(tier.window) * 10 * time.Millisecond; !tier.kept && full > tier.Wait/2 {
			t.Errorf("%s holds %d: full after %s", tier.Name, tier.window, full)
		}
		if tier.kept && tier.Wait > moverAckWait/2 {
			t.Errorf("%s is kept for nearly as long as a message may be silent", tier.Name)
		}
	}
}

func TestLater(t *testing.T) {
	t.Parallel()
	now := time.Now()
	made := func(attempt, deferrals uint32, wait time.Duration) (subject, id string) {
		d := newDelivery("dlv")
		d.Attempt, d.Deferrals = attempt, deferrals
		msg, err := Later(d, now.Add(wait), "why", now)
		if err != nil {
			t.Fatal(err)
		}
		got, err := delivery.Decode(msg.Data)
		if err != nil {
			t.Fatal(err)
		}
		if !proto.Equal(got, d) || got.GetReason() != "why" || !got.GetNotBefore().AsTime().Equal(now.Add(wait)) {
			t.Errorf("the message holds %v", got)
		}
		return msg.Subject, msg.ID
	}
	subject, first := made(2, 0, 10*time.Second)
	if subject != "delays.10s.t.sub" {
		t.Errorf("subject %s", subject)
	}
	if _, again := made(2, 0, time.Minute); again != first {
		t.Errorf("the same waiting has the ids %s and %s", first, again)
	}
	ids := map[string]bool{first: true}
	for _, c := range [][2]uint32{{3, 0}, {2, 1}, {2, 2}, {3, 1}, {22, 0}} {
		_, id := made(c[0], c[1], time.Second)
		if ids[id] {
			t.Errorf("attempt %d, deferral %d has the id of another", c[0], c[1])
		}
		ids[id] = true
	}
	if subject, _ := made(2, 0, time.Millisecond); subject != "deliveries.due.t.sub" {
		t.Errorf("no wait at all goes to %s", subject)
	}
}
