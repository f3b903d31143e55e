package e2e

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	official "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// inbox is an endpoint that believes all and keeps it as it came: the tests of
// the dialects verify by themselves.
type inbox struct {
	*httptest.Server
	mu    sync.Mutex
	posts []post
	reply func(w http.ResponseWriter, p post)
}

// post is one POST.
type post struct {
	at     time.Time
	nth    int // of all that came, from 1
	header http.Header
	body   []byte
}

// collect opens an inbox. reply nil takes everything.
func collect(t *testing.T, reply func(w http.ResponseWriter, p post)) *inbox {
	t.Helper()
	in := newInbox(reply)
	t.Cleanup(in.Close)
	return in
}

func newInbox(reply func(w http.ResponseWriter, p post)) *inbox {
	in := &inbox{reply: reply}
	in.Server = httptest.NewServer(in)
	return in
}

func (in *inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	at := time.Now()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the sender was killed
	}
	in.mu.Lock()
	p := post{at: at, nth: len(in.posts) + 1, header: r.Header.Clone(), body: body}
	in.posts = append(in.posts, p)
	reply := in.reply
	in.mu.Unlock()
	if reply != nil {
		reply(w, p)
	}
}

// answers gives the first POSTs these statuses, and those after them 200.
func answers(statuses ...int) func(http.ResponseWriter, post) {
	return func(w http.ResponseWriter, p post) {
		if p.nth <= len(statuses) {
			w.WriteHeader(statuses[p.nth-1])
		}
	}
}

// always answers with the same status.
func always(status int) func(http.ResponseWriter, post) {
	return func(w http.ResponseWriter, _ post) { w.WriteHeader(status) }
}

// held is an inbox that fails its first POST, but not before it is told to.
func held(t *testing.T) (to *inbox, fail func()) {
	t.Helper()
	told := make(chan struct{})
	fail = sync.OnceFunc(func() { close(told) })
	to = collect(t, func(w http.ResponseWriter, p post) {
		if p.nth == 1 {
			<-told
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	t.Cleanup(fail) // before the server closes, which waits for its answers
	return to, fail
}

// become changes the answers.
func (in *inbox) become(reply func(http.ResponseWriter, post)) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.reply = reply
}

func (in *inbox) all() []post {
	in.mu.Lock()
	defer in.mu.Unlock()
	return slices.Clone(in.posts)
}

// await returns the POSTs when there are n.
func (in *inbox) await(t *testing.T, n int) []post {
	t.Helper()
	eventually(t, fmt.Sprintf("%d POSTs", n), func() bool { return len(in.all()) >= n },
		func() string { return fmt.Sprintf("%d have come", len(in.all())) })
	return in.all()
}

// hexMAC is HMAC-SHA256 in lowercase hex, by the secret's very text.
func hexMAC(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// checkHeader holds a header to one value.
func checkHeader(t *testing.T, p post, name, want string) {
	t.Helper()
	if got := p.header.Values(name); len(got) != 1 || got[0] != want {
		t.Errorf("POST %d: %s is %q, want %q", p.nth, name, got, want)
	}
}

// checkAlongside holds the headers of Standard Webhooks that ride along, with
// the official library.
func checkAlongside(t *testing.T, p post, secret string) {
	t.Helper()
	verifier, err := official.NewWebhook(secret)
	if err != nil { // a text, whose bytes are the key
		verifier, err = official.NewWebhookRaw([]byte(secret))
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := verifier.Verify(p.body, p.header); err != nil {
		t.Errorf("POST %d: the headers of Standard Webhooks: %v", p.nth, err)
	}
}

// checkWaits holds the POSTs to waits that are no shorter than the schedule's.
func checkWaits(t *testing.T, posts []post, waits ...time.Duration) {
	t.Helper()
	for i, wait := range waits {
		if got := posts[i+1].at.Sub(posts[i].at); got < wait-early {
			t.Errorf("POST %d came %s after the one before, want at least %s", i+2, got, wait)
		}
	}
}
