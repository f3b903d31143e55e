package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/posthaste/posthaste/pkg/webhook"
	"github.com/posthaste/posthaste/services/internal/testbed"
	"github.com/posthaste/posthaste/services/internal/testbed/otlptest"
	"github.com/posthaste/posthaste/services/internal/testbed/sealedtest"
)

// What the leak test uses, each of its kind.
const (
	leakSigning = "whsec_bGVhay1zaWduaW5nLXNlY3JldC0wMTIzNDU2Nzg5"
	leakHeader  = "leak-header-value-77ab"
	leakNotify  = "leak-notify-token-91cd"
	leakShort   = "leak short text secret"
)

// leaks is a stack that has used a secret of every kind.
type leaks struct {
	*stack
	secrets map[string]string // by what they are
	proxy   *egressProxy
	history string
	sink    *otlptest.Sink
	shown   []reply // what the API answers to those who ask later
}

// TestNoSecretIsShown runs the whole product and looks for every secret that it
// used in all that it wrote. For another output add a place, for another secret
// a line in use.
func TestNoSecretIsShown(t *testing.T) {
	begin(t)
	told := collect(t, nil)
	sink := otlptest.New()
	t.Cleanup(sink.Close)
	l := &leaks{proxy: newEgressProxy(t), sink: sink, history: filepath.Join(t.TempDir(), "history.db"), secrets: map[string]string{
		"the API key": testKey, "the encryption key": sealedtest.A[2:], "the next encryption key": sealedtest.B[2:],
		"the URL of notifications": leakNotify, "the egress proxy's password": leakProxy,
	}}
	l.stack = startStack(t, plan{settings: env{
		"POSTHASTE_LOG_LEVEL": "debug", "POSTHASTE_HISTORY_FILE": l.history, "POSTHASTE_RETRY_DELAYS": "50ms",
		"POSTHASTE_ENCRYPTION_KEYS": sealedtest.A + "," + sealedtest.B, "POSTHASTE_EGRESS_PROXY": l.proxy.url(),
		"OTEL_EXPORTER_OTLP_ENDPOINT": sink.URL, "OTEL_BSP_SCHEDULE_DELAY": "50", "OTEL_BLRP_SCHEDULE_DELAY": "50", "OTEL_METRIC_EXPORT_INTERVAL": "200",
		"POSTHASTE_NOTIFY_URLS": strings.Replace(told.URL, "http://", "generic+http://", 1) + "/" + leakNotify + "?disabletls=yes",
	}})
	l.use(t)
	l.useClientKey(t)
	l.useAPIKey(t)
	l.useProxy(t)
	eventually(t, "the operator to be told", func() bool { return len(told.all()) > 0 }, nil)
	l.search(t, "in use")
	l.rotate(t)
	l.search(t, "after the encryption key was changed")
}

// use makes subscriptions with every kind of secret, and deliveries that
// arrive, fail, and end in a disabling that is notified.
func (l *leaks) use(t *testing.T) {
	t.Helper()
	good := collect(t, nil)
	bad := collect(t, func(w http.ResponseWriter, _ post) { w.WriteHeader(http.StatusGone) })
	l.make(t, good, "a given secret", `"secret":"`+leakSigning+`","headers":{"X-Token":"`+leakHeader+`"}`)
	l.secrets["a given secret"], l.secrets["a header"] = leakSigning, leakHeader
	l.make(t, bad, "a made secret", "")
	l.make(t, good, "an ed25519 key", `"signingAlgorithm":"ed25519"`)
	l.make(t, good, "a text secret", `"dialect":"github","secret":"`+leakShort+`"`)
	l.secrets["a text secret"] = leakShort
	l.publish(t, event{Type: "leak.test", Data: json.RawMessage(`{}`)})
	eventually(t, "four POSTs", func() bool { return len(good.all()) >= 3 && len(bad.all()) >= 1 }, nil)
	for _, path := range []string{"/v1/event-subscriptions", "/v1/deliveries?limit=100", "/v1/events", "/v1/tenants", "/v1/nothing", "/openapi.json"} {
		l.look(t, path)
	}
}

// make subscribes an endpoint and rotates the secret, and remembers what it is
// shown once. The same request again is answered from what was kept.
func (l *leaks) make(t *testing.T, to *inbox, kind, with string) (id string) {
	t.Helper()
	body := `{"url":"` + to.URL + `","eventTypes":["leak.test"]`
	if with != "" {
		body += "," + with
	}
	for range 2 {
		once := l.keyed(t, http.StatusCreated, l.subscriptions+"/v1/event-subscriptions", "leak "+kind, body+"}")
		l.remember(kind, once.Secret)
		path := "/v1/event-subscriptions/" + once.ID
		l.remember(kind+", rotated", l.keyed(t, http.StatusOK, l.subscriptions+path+"/rotate-secret", "leak rotated "+kind, `{"overlap":"1h"}`).Secret)
		l.look(t, path)
		l.look(t, "/v1/deliveries?subscription="+once.ID)
		id = once.ID
	}
	return id
}

func (l *leaks) keyed(t *testing.T, status int, to, key, body string) subscription {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, to, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = http.Header{"Authorization": {"Bearer " + l.key}, "Content-Type": {"application/json"}, "Idempotency-Key": {key}}
	res, err := l.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var text bytes.Buffer
	if _, err := text.ReadFrom(res.Body); err != nil || res.StatusCode != status {
		t.Fatalf("%s: %d %s, %v", to, res.StatusCode, text.String(), err)
	}
	return one(t, text.Bytes())
}

func (l *leaks) remember(kind, secret string) {
	if secret != "" {
		l.secrets[kind] = secret
	}
}

// look keeps what the API answers.
func (l *leaks) look(t *testing.T, path string) {
	t.Helper()
	r, err := l.call(t, http.MethodGet, l.subscriptions+path, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	l.shown = append(l.shown, r)
}

// rotate changes the encryption key of what is stored, while all runs.
func (l *leaks) rotate(t *testing.T) {
	t.Helper()
	verb := func(action, keys string) string {
		p := start(t, "secrets "+action, l.binary, env{
			"POSTHASTE_NATS_URL": l.nats.url, "POSTHASTE_ENCRYPTION_KEYS": keys,
			"POSTHASTE_ACK_WAIT": "3s", "POSTHASTE_DEDUP_WINDOW": "1m",
		}, "secrets", action)
		if code := p.exitCode(t); code != 0 {
			t.Fatalf("secrets %s: exit code %d: %s", action, code, p.log.String())
		}
		return p.out.String()
	}
	if before := verb("status", sealedtest.A+" "+sealedtest.B); !strings.Contains(before, "a    5              10") {
		t.Errorf("before:\n%s", before)
	}
	if out := verb("rotate", sealedtest.B+" "+sealedtest.A); !strings.Contains(out, "5 subscriptions are encrypted anew with b.") || !strings.Contains(out, "10 kept answers") {
		t.Errorf("rotated:\n%s", out)
	}
	if after := verb("status", sealedtest.B+" "+sealedtest.A); !strings.Contains(after, "b    5              10            encrypts\na    0              0") {
		t.Errorf("after:\n%s", after)
	}
	for _, d := range l.dispatchers {
		d.kill(t)
	}
	l.addDispatcher(t, env{"POSTHASTE_ENCRYPTION_KEYS": sealedtest.B}).awaitReady(t) // the old one is dropped
	to := collect(t, nil)
	l.make(t, to, "a secret after the rotation", "")
}

// places are where no secret may be, by name.
func (l *leaks) places(t *testing.T) map[string][]byte {
	t.Helper()
	all := make(map[string][]byte)
	for _, s := range l.services() {
		all["the log of "+s.name] = []byte(s.log.String() + s.out.String())
		if !s.running() {
			continue
		}
		for _, path := range []string{"/metrics", "/readyz", "/healthz"} {
			r, err := l.call(t, http.MethodGet, "http://"+s.admin+path, "", nil)
			if err != nil {
				t.Fatal(err)
			}
			all[path+" of "+s.name] = r.body
		}
	}
	for i, r := range l.shown {
		all["answer "+strconv.Itoa(i)+" of the API"] = r.body
	}
	for _, path := range []string{"/v1/traces", "/v1/metrics", "/v1/logs"} {
		eventually(t, "what is exported to "+path, func() bool { return len(l.sink.All(path)) > 0 }, nil)
		all["what is exported to "+path] = l.sink.All(path)
	}
	l.addFiles(t, all)
	l.addStreams(t, all)
	return all
}

// addFiles adds the history, with its write-ahead log.
func (l *leaks) addFiles(t *testing.T, all map[string][]byte) {
	t.Helper()
	files, err := filepath.Glob(l.history + "*")
	if err != nil || len(files) == 0 {
		t.Fatalf("no history at %s: %v", l.history, err)
	}
	for _, file := range files {
		if all["the history in "+filepath.Base(file)], err = os.ReadFile(file); err != nil {
			t.Fatal(err)
		}
	}
}

// addStreams adds every message of every stream and bucket.
func (l *leaks) addStreams(t *testing.T, all map[string][]byte) {
	t.Helper()
	js, err := jetstream.New(connect(t, l.nats.url))
	if err != nil {
		t.Fatal(err)
	}
	for name := range js.StreamNames(t.Context()).Name() {
		for _, msg := range testbed.Messages(t, js, name) {
			for _, values := range msg.Header {
				all[name] = append(all[name], strings.Join(values, " ")...)
			}
			all[name] = append(all[name], msg.Data...)
		}
	}
	if len(all["KV_subscriptions"]) == 0 || len(all["KV_idempotency"]) == 0 || len(all["ATTEMPTS"]) == 0 {
		t.Error("there is nothing to search in")
	}
}

// search fails for every secret that is found, in any of its forms.
func (l *leaks) search(t *testing.T, when string) {
	t.Helper()
	if len(l.secrets) < 17 {
		t.Errorf("the test has used %v alone", slices.Sorted(maps.Keys(l.secrets)))
	}
	for place, text := range l.places(t) {
		for kind, secret := range l.secrets {
			for form, bytesOf := range forms(secret) {
				if bytes.Contains(text, []byte(bytesOf)) {
					t.Errorf("%s: %s shows %s (%s)", when, place, kind, form)
				}
			}
		}
	}
}

// forms are the ways in which a secret may be written. Twelve characters are
// shown on purpose, so it is the rest that is looked for.
func forms(secret string) map[string]string {
	rest := secret[min(12, len(secret)/2):]
	all := map[string]string{"as it is": rest, "in hex": hex.EncodeToString([]byte(secret)), "in a URL": url.QueryEscape(secret)}
	for shift := range 3 { // where it begins within three bytes
		encoded := base64.StdEncoding.EncodeToString([]byte(secret)[shift:])
		all["in base64, from byte "+string(rune('0'+shift))] = strings.TrimRight(encoded, "=")[:len(encoded)-4]
	}
	if parsed, err := webhook.ParseSecret(secret); err == nil {
		if key, err := base64.StdEncoding.DecodeString(parsed.Reveal()[len("whsec_"):]); err == nil {
			all["decoded"] = string(key)
		}
	}
	return all
}
