package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/posthaste/posthaste/services/internal/testbed/sealedtest"
)

// quickDialects are the built-in dialects with waits that a test can await.
// Those of 100ms, 200ms and 500ms are tiers of the delay line, as the built-in
// ones are, and so none comes early.
const quickDialects = `dialects:
  - {name: standard, retry: {delays: [20ms, 40ms, 60ms]}}
  - {name: github, retry: {delays: [20ms, 40ms, 60ms]}}
  - {name: stripe, retry: {delays: [20ms, 40ms, 60ms]}}
  - {name: neiracore, retry: {delays: [100ms, 200ms, 500ms]}}
  - {name: aicity, retry: {delays: [100ms, 200ms]}}
  - {name: agentrail, retry: {delays: [100ms, 100ms, 100ms, 100ms, 200ms, 200ms, 200ms]}}
`

// commons is the dev that the tests of the requirements share.
var commons shared

// shared is a dev that runs from the first of its tests to the last.
type shared struct {
	mu       sync.Mutex
	users    int // tests that have begun and have not ended
	dir      string
	process  *process
	settings env
	told     *inbox // what the operator is told
}

// join is the first line of a test that shares it.
func join(t *testing.T) *agent {
	t.Helper()
	if testing.Short() {
		t.Skip("these tests run whole processes; -short leaves them out")
	}
	// Before the test is put off, so that the last that leaves is the last of all.
	commons.enter()
	t.Cleanup(func() { commons.leave(t) })
	t.Parallel()
	key := commons.up(t)
	a := &agent{api: newAPI(t, key), tenant: strings.NewReplacer("/", "-").Replace(t.Name())}
	a.events = "http://" + commons.settings["POSTHASTE_ADDR"]
	a.subscriptions = a.events
	return a
}

func (s *shared) enter() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users++
}

func (s *shared) leave(t *testing.T) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users--
	switch {
	case s.process == nil:
	case s.users == 0:
		s.process.end(t)
		s.told.Close()
		if err := os.RemoveAll(s.dir); err != nil {
			t.Error(err)
		}
		s.process = nil
	case t.Failed():
		t.Logf("log of %s:\n%s", s.process.name, s.process.log.tail(4<<10))
	}
}

// up starts it where it does not run yet, and returns its key.
func (s *shared) up(t *testing.T) string {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	d := &dev{api: newAPI(t, ""), settings: s.settings}
	if s.process == nil {
		s.launch(t)
		d.settings = s.settings
	}
	d.service = &service{process: s.process, admin: s.settings["POSTHASTE_ADMIN_ADDR"], http: d.api.http}
	d.awaitReady(t)
	return d.printed(t, `API key +(\S+)`)
}

// launch is start for a process that outlives the test.
func (s *shared) launch(t *testing.T) {
	t.Helper()
	binary := posthaste(t)
	var err error
	if s.dir, err = os.MkdirTemp("", "posthaste-shared-"); err != nil { //nolint:usetesting // it outlives the test
		t.Fatal(err)
	}
	s.told = newInbox(nil)
	s.settings = env{
		"POSTHASTE_DATA_DIR": filepath.Join(s.dir, "data"), "POSTHASTE_NATS_LISTEN": freeAddr(t),
		"POSTHASTE_ADDR": freeAddr(t), "POSTHASTE_ADMIN_ADDR": freeAddr(t),
		"POSTHASTE_DIALECTS_FILE":   s.file(t, "dialects.yaml", quickDialects),
		"POSTHASTE_DEFAULT_DIALECT": "agentrail",
		"POSTHASTE_NOTIFY_URLS":     strings.Replace(s.told.URL, "http://", "generic+http://", 1) + "/?disabletls=yes",
		"POSTHASTE_RETRY_JITTER":    "0",
		"POSTHASTE_ENCRYPTION_KEYS": sealedtest.A,
		"HOME":                      s.dir, "PATH": os.Getenv("PATH"),
	}
	p := &process{name: "the shared dev", cmd: exec.Command(binary, "dev"), exited: make(chan struct{})}
	for name, value := range s.settings {
		p.cmd.Env = append(p.cmd.Env, name+"="+value)
	}
	p.cmd.SysProcAttr, p.cmd.Dir = childAttr(), s.dir
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.log
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", p.name, err)
	}
	go func() {
		_ = p.cmd.Wait()
		close(p.exited)
	}()
	s.process = p
}

func (s *shared) file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// strict is control as it is in production, with nothing allowed and the
// dialects as they are built in. What it stores the shared dev sees.
func (a *agent) strict(t *testing.T) *agent {
	t.Helper()
	addr, admin := freeAddr(t), freeAddr(t)
	s := &service{admin: admin, http: a.http, process: start(t, "strict control", posthaste(t), env{
		"POSTHASTE_NATS_URL": "nats://" + commons.settings["POSTHASTE_NATS_LISTEN"], "POSTHASTE_REDIS_URL": "redis://" + freeAddr(t),
		"POSTHASTE_API_KEY": testKey, "POSTHASTE_ENCRYPTION_KEYS": sealedtest.A, "POSTHASTE_ADDR": addr, "POSTHASTE_ADMIN_ADDR": admin,
		// Controls share the records of attempts, so they need one history.
		"POSTHASTE_HISTORY_FILE": filepath.Join(commons.settings["POSTHASTE_DATA_DIR"], "history.db"),
	}, "control")}
	s.awaitReady(t)
	return &agent{api: &api{key: testKey, http: a.http, events: a.events, subscriptions: "http://" + addr}, tenant: a.tenant + "-strict"}
}
