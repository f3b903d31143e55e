package auth

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/problem"
	"github.com/posthaste/posthaste/services/internal/settings"
	"github.com/posthaste/posthaste/services/internal/testbed"
	"github.com/posthaste/posthaste/services/internal/testbed/bustest"
)

// held is the keys of one process.
type held struct {
	*Live
	*Keys
	bus *bus.Bus
}

// process is one that shares the server with others.
func process(tb testing.TB, url string) *held {
	tb.Helper()
	log := slog.New(slog.DiscardHandler)
	h := &held{bus: bustest.Connect(tb, url, log)}
	cfg := settings.Defaults[Config]()
	cfg.APIKey = key
	var err error
	if h.Live, err = Open(context.Background(), h.bus, cfg, log); err != nil {
		tb.Fatal(err)
	}
	h.look = 5 * time.Millisecond
	h.Keys = NewKeys(cfg, h.Live)
	testbed.Running(tb, h.Run)
	<-h.Loaded()
	testbed.Eventually(tb, "it is like the bucket", func() bool { return !h.InDoubt() })
	return h
}

func request(token string) *http.Request {
	r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	return r
}

// made makes a key and waits until this process knows it.
func (h *held) made(tb testing.TB, wanted *posthastev1.ApiKey) (*posthastev1.ApiKey, string) {
	tb.Helper()
	stored, token, revision, err := h.Create(context.Background(), wanted, time.Now())
	if err != nil {
		tb.Fatal(err)
	}
	if err := h.Await(context.Background(), revision); err != nil {
		tb.Fatal(err)
	}
	return stored, token
}

func acme() *posthastev1.ApiKey {
	return &posthastev1.ApiKey{Name: "k", Tenant: "acme", Scopes: []string{"events:write", "of a later version"}}
}

func status(err error) int {
	var p *problem.Error
	if errors.As(err, &p) {
		return p.Status
	}
	return 0
}

func TestStoredKeys(t *testing.T) {
	t.Parallel()
	h := process(t, testbed.StartNATS(t).URL())
	stored, token := h.made(t, acme())
	if strings.Contains(stored.String(), token) || !strings.HasPrefix(token, stored.GetId()+"_") {
		t.Errorf("stored %v", stored)
	}
	who, err := h.Authenticate(request(token))
	if err != nil || who.Tenant != "acme" || who.Operator || who.Scopes != EventsWrite || who.Key != stored.GetId() {
		t.Errorf("%+v, %v", who, err)
	}
	other := "A"
	if strings.HasSuffix(token, other) {
		other = "B"
	}
	_, twin := h.made(t, acme())
	for name, wrong := range map[string]string{
		"last character":  token[:len(token)-1] + other,
		"short":           token[:len(token)-1],
		"long":            token + "A",
		"another's tail":  token[:idLength] + twin[idLength:],
		"no such id":      token[:idLength-1] + "!" + token[idLength:],
		"unknown id":      idPrefix + strings.Repeat("0", 26) + token[idLength:],
		"lower case":      strings.ToLower(token),
		"only the id":     stored.GetId(),
		"only the secret": token[idLength+1:],
		"the digest":      string(stored.GetDigest()),
	} {
		if who, err := h.Authenticate(request(wrong)); status(err) != http.StatusUnauthorized || err.Error() != "The API key is not known." || who != (Principal{}) {
			t.Errorf("%s: %+v, %v", name, who, err)
		}
	}
	if who, err := h.Authenticate(request(key)); err != nil || !who.Operator || who.Scopes != AllScopes {
		t.Errorf("the bootstrap key: %+v, %v", who, err)
	}
}

func TestExpiry(t *testing.T) {
	t.Parallel()
	h := process(t, testbed.StartNATS(t).URL())
	wanted := acme()
	at := time.Now().Add(time.Hour)
	wanted.ExpiresAt = timestamppb.New(at)
	_, token := h.made(t, wanted)
	for now, want := range map[time.Time]string{at.Add(-1): "", at: "The API key has expired.", at.Add(time.Hour): "The API key has expired."} {
		h.now = func() time.Time { return now }
		if _, err := h.Authenticate(request(token)); (err == nil) != (want == "") || err != nil && err.Error() != want {
			t.Errorf("%s before: %v", at.Sub(now), err)
		}
	}
}

// What one process revokes is refused by another within a second, and what goes
// on with it ends there.
func TestRevokedEverywhere(t *testing.T) {
	t.Parallel()
	url := testbed.StartNATS(t).URL()
	one, two := process(t, url), process(t, url)
	stored, token := one.made(t, acme())
	lets := func() bool { _, err := two.Authenticate(request(token)); return err == nil }
	testbed.Eventually(t, "the other knows it", lets)
	who, _ := two.Authenticate(request(token))
	ctx, stop := who.Valid(t.Context())
	defer stop()
	began := time.Now()
	if _, err := one.Delete(t.Context(), stored.GetId()); err != nil {
		t.Fatal(err)
	}
	<-ctx.Done()
	testbed.Eventually(t, "the other refuses it", func() bool { return !lets() })
	if took := time.Since(began); took > time.Second {
		t.Errorf("revoked after %s", took)
	}
	if _, err := one.Delete(t.Context(), stored.GetId()); !errors.Is(err, ErrNotFound) {
		t.Errorf("revoked twice: %v", err)
	}
}

// While NATS is away, known keys are good and unknown ones neither good nor bad.
func TestInDoubt(t *testing.T) {
	t.Parallel()
	nats := testbed.StartNATS(t)
	h := process(t, nats.URL())
	stored, token := h.made(t, acme())
	_, revoked := h.made(t, acme())
	nats.Stop()
	testbed.Eventually(t, "it is in doubt", h.InDoubt)
	if _, err := h.Authenticate(request(token)); err != nil {
		t.Errorf("a known key: %v", err)
	}
	_, unknown := newToken(time.Now())
	_, err := h.Authenticate(request(unknown))
	if status(err) != http.StatusServiceUnavailable {
		t.Errorf("an unknown key: %v", err)
	}
	for _, wrong := range []string{stored.GetId() + unknown[idLength:], "nonsense"} {
		if _, err := h.Authenticate(request(wrong)); status(err) != http.StatusUnauthorized {
			t.Errorf("%s: %v", wrong, err)
		}
	}
	nats.Start(t)
	testbed.Eventually(t, "it is like the bucket again", func() bool { return !h.InDoubt() })
	if _, err := h.Authenticate(request(unknown)); status(err) != http.StatusUnauthorized {
		t.Errorf("an unknown key: %v", err)
	}
	if _, err := h.Delete(t.Context(), revoked[:idLength]); err != nil {
		t.Fatal(err)
	}
	testbed.Eventually(t, "it hears of what happens", func() bool { _, err := h.Authenticate(request(revoked)); return err != nil })
}

// A use is written once a minute, by whichever process.
func TestLastUsed(t *testing.T) {
	t.Parallel()
	url := testbed.StartNATS(t).URL()
	one, two := process(t, url), process(t, url)
	stored, token := one.made(t, acme())
	id := stored.GetId()
	at := time.Now()
	use := func(h *held, now time.Time) {
		t.Helper()
		who := Principal{}
		testbed.Eventually(t, "it is let in", func() bool {
			var err error
			who, err = h.Authenticate(request(token))
			return err == nil
		})
		who.use.touch(now) // later than the present, in the place of a clock
	}
	noted := func(h *held, want time.Time) {
		t.Helper()
		testbed.Eventually(t, "the use is noted", func() bool { return h.LastUsed(id).GetSeconds() == want.Unix() })
	}
	if one.LastUsed(id) != nil {
		t.Error("used before it was")
	}
	at = at.Add(time.Minute)
	use(one, at)
	noted(one, at)
	noted(two, at)
	use(two, at.Add(59*time.Second))
	if k, _ := two.Find(id); two.unnoted(k) {
		t.Error("another use within the minute is to be noted")
	}
	use(two, at.Add(2*time.Minute))
	noted(one, at.Add(2*time.Minute))
	k, _ := one.Find(id)
	if err := one.note(t.Context(), k); err != nil { // an older one
		t.Error(err)
	}
	if kept, _, err := one.uses.bucket.Get(t.Context(), id); err != nil || kept.GetLastUsedAt().GetSeconds() != at.Add(2*time.Minute).Unix() {
		t.Errorf("%v, %v", kept, err)
	}
	if _, err := one.Delete(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	testbed.Eventually(t, "its use is forgotten with it", func() bool { return two.LastUsed(id) == nil })
}

// A record that is odd lets nobody in.
func TestOddRecords(t *testing.T) {
	t.Parallel()
	h := process(t, testbed.StartNATS(t).URL())
	bucket, err := h.bus.JS.KeyValue(t.Context(), bus.BucketKeys)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*posthastev1.ApiKey){
		"nobody's":        func(pb *posthastev1.ApiKey) { pb.Tenant = "" },
		"two masters":     func(pb *posthastev1.ApiKey) { pb.Operator = true },
		"no such tenant":  func(pb *posthastev1.ApiKey) { pb.Tenant = "a.b" },
		"a short digest":  func(pb *posthastev1.ApiKey) { pb.Digest = pb.GetDigest()[:31] },
		"another's place": func(pb *posthastev1.ApiKey) { pb.Id = idPrefix + strings.Repeat("0", 26) },
	} {
		pb := acme()
		id, token := newToken(time.Now())
		sum := digestOf(token)
		pb.Id, pb.Digest = id, sum[:]
		change(pb)
		value, _ := proto.Marshal(pb)
		revision, err := bucket.Put(t.Context(), id, value)
		if err != nil {
			t.Fatal(err)
		}
		if err := h.Await(t.Context(), revision); err != nil {
			t.Fatal(err)
		}
		if who, err := h.Authenticate(request(token)); err == nil {
			t.Errorf("%s is %+v", name, who)
		}
	}
	if _, err := bucket.Put(t.Context(), "junk", []byte{0xff}); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"", "*", ">", "phk_*", "junk", idPrefix + strings.Repeat("a", 26)} {
		if _, err := h.Get(t.Context(), id); !errors.Is(err, ErrNotFound) {
			t.Errorf("%q: %v", id, err)
		}
	}
}

// A key whose removal was missed is dropped with what goes on with it.
func TestRetain(t *testing.T) {
	t.Parallel()
	nats := testbed.StartNATS(t)
	h := process(t, nats.URL())
	_, token := h.made(t, acme())
	who, err := h.Authenticate(request(token))
	if err != nil {
		t.Fatal(err)
	}
	nats.Wipe(t)
	testbed.Eventually(t, "the bucket is made anew", func() bool {
		_, err := h.bus.JS.CreateOrUpdateKeyValue(t.Context(), jetstream.KeyValueConfig{Bucket: bus.BucketKeys})
		return err == nil
	})
	select {
	case <-who.use.revoked:
	case <-time.After(testbed.Patience):
		t.Error("what was removed meanwhile is still let in")
	}
}
