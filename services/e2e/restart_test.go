package e2e

import (
	"bytes"
	"encoding/json"
	"net/http"
	"testing"
	"time"
)

// Subscription, key and a delivery that waits for its next attempt outlast
// the process.
func TestDevRestarts(t *testing.T) {
	begin(t)
	testRestart(t, 0, func(d *dev) {
		d.terminate(t)
		if code := d.exitCode(t); code != 0 {
			t.Errorf("exit code %d after SIGTERM, want 0", code)
		}
	})
}

// The same holds when it is killed. The embedded server dies with it, and may
// not have written down yet that the first attempt was acked: then that is
// made again.
func TestDevKilled(t *testing.T) {
	begin(t)
	testRestart(t, 1, func(d *dev) { d.kill(t) })
}

func testRestart(t *testing.T, repeats int, stop func(*dev)) {
	t.Helper()
	d := newDev(t)
	d.up(t)
	const wait = 2 * time.Second
	recovers := time.Now().Add(wait)
	to := receive(t, func(w http.ResponseWriter, a arrival) {
		if a.at.Before(recovers) {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	sub := d.subscribe(t, to, wish{types: []string{"keep.me", "marker"}, delays: []string{wait.String(), wait.String()}})
	ids := d.publish(t, event{Type: "keep.me", Data: json.RawMessage(`{"kept": true}`)})
	to.await(t, 1)
	d.awaitWaiting(t)
	key := d.key
	stop(d)
	d.up(t)
	if got := d.get(t, sub.ID); got.Status != "active" || d.key != key {
		t.Errorf("the subscription is %+v, the key %s and was %s", got, d.key, key)
	}
	eventually(t, "the second attempt", func() bool { return to.last().at.After(recovers) }, nil)
	d.inEffect(t, to, sub)
	d.deliver(t, to, "default", "marker")
	checkKept(t, typed(to, "keep.me"), ids[0], wait, repeats)
}

// awaitWaiting returns when the delivery waits in the delay line and nowhere
// else.
func (d *dev) awaitWaiting(t *testing.T) {
	t.Helper()
	nc := connect(t, "nats://"+d.settings["POSTHASTE_NATS_LISTEN"])
	defer nc.Close()
	eventually(t, "the delivery to wait in the delay line", func() bool {
		return messages(t, nc, "DELAYS") == 1 && messages(t, nc, "DELIVERIES") == 0
	}, nil)
}

// checkKept holds that all were the same delivery, and that the second attempt
// was not made before its time.
func checkKept(t *testing.T, posts []arrival, event string, wait time.Duration, repeats int) {
	t.Helper()
	first, last := posts[0], posts[len(posts)-1]
	for _, post := range posts {
		if post.id != first.id || post.event.ID != event || !bytes.Equal(post.body, first.body) {
			t.Errorf("an attempt is %s %s, the first was %s %s", post.id, post.body, first.id, first.body)
		}
	}
	if waited := last.at.Sub(first.at); waited < wait-early {
		t.Errorf("the second attempt came after %s, want at least %s", waited, wait)
	}
	if n := len(posts); n < 2 || n > 2+repeats {
		t.Errorf("%d POSTs of the event, want 2 and at most %d repeated", n, repeats)
	} else if n > 2 {
		t.Logf("the first attempt was repeated after %s", posts[1].at.Sub(first.at))
	}
}
