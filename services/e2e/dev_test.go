package e2e

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// dev is `posthaste dev` on a data directory and addresses that outlast it.
type dev struct {
	*service
	*api
	settings env
}

// newDev makes one that is not running yet.
func newDev(t *testing.T) *dev {
	t.Helper()
	d := &dev{api: newAPI(t, "")}
	d.settings = env{
		"POSTHASTE_DATA_DIR": filepath.Join(t.TempDir(), "data"), "POSTHASTE_NATS_LISTEN": freeAddr(t),
		"POSTHASTE_ADDR": freeAddr(t), "POSTHASTE_ADMIN_ADDR": freeAddr(t),
	}
	d.events = "http://" + d.settings["POSTHASTE_ADDR"]
	d.subscriptions = d.events
	return d
}

// up starts it, again, and returns when it is ready.
func (d *dev) up(t *testing.T) {
	t.Helper()
	d.service = &service{
		process: start(t, "dev", posthaste(t), d.settings, "dev"), admin: d.settings["POSTHASTE_ADMIN_ADDR"], http: d.api.http,
	}
	d.awaitReady(t)
	d.key = d.printed(t, `API key +(\S+)`)
}

// printed finds what stands in the greeting.
func (d *dev) printed(t *testing.T, pattern string) string {
	t.Helper()
	var found []string
	eventually(t, pattern+" in the greeting", func() bool { // which comes a moment after it is ready
		found = regexp.MustCompile(pattern).FindStringSubmatch(d.out.String())
		return found != nil
	}, d.out.String)
	return found[1]
}

// The greeting says all that is needed for a first delivery.
func TestDevGreeting(t *testing.T) {
	begin(t)
	d := newDev(t)
	d.up(t)
	if addr := d.printed(t, `API +http://(\S+)/v1`); addr != d.settings["POSTHASTE_ADDR"] {
		t.Errorf("the address is %s, want %s", addr, d.settings["POSTHASTE_ADDR"])
	}
	to := receive(t, nil)
	curls := regexp.MustCompile(`curl (\S+) \\\s+-H 'Authorization: Bearer (\S+)' -H 'Content-Type: (\S+)' \\\s+-d '(.*)'`).
		FindAllStringSubmatch(d.out.String(), -1)
	if len(curls) != 2 {
		t.Fatalf("the greeting has %d curls, want 2:\n%s", len(curls), &d.out)
	}
	var answers []reply
	for i, c := range curls {
		body := strings.Replace(c[4], "http://127.0.0.1:9000/webhooks", to.url(), 1)
		r, err := d.call(t, http.MethodPost, c[1], c[3], []byte(body))
		if err != nil || r.status/100 != 2 || c[2] != d.key {
			t.Fatalf("curl %d with key %s: %d %s %v", i+1, c[2], r.status, r.body, err)
		}
		answers = append(answers, r)
		if i == 0 {
			to.trust(t, one(t, r.body).Secret)
		}
	}
	to.awaitAll(t, accepted(t, answers[1].body))
	if got := to.all()[0].event; got.Type != "task.created" || string(got.Data) != `{"taskId":"t1"}` {
		t.Errorf("delivered %s %s", got.Type, got.Data)
	}
}

// In dev, too, data is kept byte for byte, and NATS takes events at the
// address that is printed.
func TestDevDelivers(t *testing.T) {
	begin(t)
	d := newDev(t)
	d.up(t)
	to := receive(t, nil)
	d.subscribe(t, to, wish{types: []string{"odd", "job.done"}})
	d.checkOddities(t, to, "default")
	send(t, connect(t, d.printed(t, `NATS +(\S+)`)), message("events.default.job.done", `{"id":"by-nats","data":1}`))
	to.awaitAll(t, []string{"by-nats"})
}

// A second one on the same data is refused in one line, and harms nothing.
func TestDevTwice(t *testing.T) {
	begin(t)
	d := newDev(t)
	d.up(t)
	second := newDev(t)
	second.settings["POSTHASTE_DATA_DIR"] = d.settings["POSTHASTE_DATA_DIR"]
	p := start(t, "second dev", posthaste(t), second.settings, "dev")
	if code := p.exitCode(t); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	checkOneLine(t, p, "another process uses it")
	if !d.ready() {
		t.Error("the first is not ready any more")
	}
}

// Wrong settings stop the start with one line and code 2.
func TestWrongSettings(t *testing.T) {
	begin(t)
	for _, c := range []struct {
		settings env
		args     []string
		line     string
	}{
		{env{"POSTHASTE_ADR": "x"}, []string{"dev"}, "did you mean POSTHASTE_ADDR"},
		{env{"POSTHASTE_GRACE": "soon"}, []string{"router"}, "POSTHASTE_GRACE"},
		{nil, []string{"dispatcher", "--disable-after=many"}, "disable-after"},
		{env{"POSTHASTE_API_KEY": testKey, "POSTHASTE_TENANT_RATE": "-1"}, []string{"ingest"}, "tenant-rate"},
		{nil, []string{"control"}, "api-key"},
		{nil, []string{"dispatcher"}, "encryption-keys: is required"},
		{env{"POSTHASTE_API_KEY": testKey, "POSTHASTE_ALLOW_PLAINTEXT_SECRETS": "no"}, []string{"ingest"}, "encryption-keys: is required"},
		{nil, []string{"dispatch"}, "did you mean dispatcher"},
	} {
		p := start(t, strings.Join(c.args, " "), posthaste(t), c.settings, c.args...)
		if code := p.exitCode(t); code != 2 {
			t.Errorf("%v %v: exit code %d, want 2", c.settings, c.args, code)
		}
		checkOneLine(t, p, c.line)
	}
}

func checkOneLine(t *testing.T, p *process, part string) {
	t.Helper()
	if text := p.log.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, part) {
		t.Errorf("%s says %q, want one line with %q", p.name, text, part)
	}
}

// The data directory holds a key, so others must not read it.
func TestDevKeepsItsKey(t *testing.T) {
	begin(t)
	d := newDev(t)
	d.up(t)
	for _, name := range []string{"api-key", "encryption-key"} {
		info, err := os.Stat(filepath.Join(d.settings["POSTHASTE_DATA_DIR"], name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("the file %s: %v %v", name, info, err)
		}
	}
	if r, err := d.call(t, http.MethodPost, d.events+"/v1/events", "application/json", json.RawMessage(`{}`)); err != nil || r.status != 400 {
		t.Errorf("with the key: %d %v", r.status, err)
	}
	d.key = "not-the-key-at-all"
	if r, err := d.call(t, http.MethodPost, d.events+"/v1/events", "application/json", json.RawMessage(`{}`)); err != nil || r.status != 401 {
		t.Errorf("with another key: %d %v", r.status, err)
	}
}
