package e2e

import (
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/posthaste/posthaste/services/internal/testbed/sealedtest"
)

// A service that waits for NATS is alive, is not ready, and stops at once when
// it is told to.
func TestStoppedWhileItWaitsForNATS(t *testing.T) {
	begin(t)
	for _, name := range []string{"ingest", "router", "dispatcher", "control"} {
		admin := freeAddr(t)
		p := start(t, name, posthaste(t), env{
			"POSTHASTE_NATS_URL": "nats://" + freeAddr(t), "POSTHASTE_API_KEY": testKey, "POSTHASTE_ENCRYPTION_KEYS": sealedtest.A,
			"POSTHASTE_ADDR": freeAddr(t), "POSTHASTE_ADMIN_ADDR": admin,
		}, name)
		eventually(t, name+" to be alive", func() bool { return statusOf(t, "http://"+admin+"/healthz") == http.StatusOK }, nil)
		if got := statusOf(t, "http://"+admin+"/readyz"); got != http.StatusServiceUnavailable {
			t.Errorf("%s: /readyz answers %d without NATS", name, got)
		}
		p.terminate(t)
		if code := p.exitCode(t); code != 0 {
			t.Errorf("%s: exit code %d", name, code)
		}
	}
}

// The admin address that nobody chose gives way where it is taken.
func TestDevFindsAnAdminPort(t *testing.T) {
	begin(t)
	const usual = "127.0.0.1:9090"
	if l, err := net.Listen("tcp", usual); err == nil {
		defer l.Close() // else somebody has it already, which does as well
	}
	d := newDev(t)
	delete(d.settings, "POSTHASTE_ADMIN_ADDR")
	p := start(t, "dev", posthaste(t), d.settings, "dev")
	eventually(t, "the greeting", func() bool { return strings.Contains(p.out.String(), "API key") }, nil)
	d.service = &service{process: p}
	admin := d.printed(t, `admin +http://(\S+)`)
	if admin == usual {
		t.Fatalf("the admin address is %s, which is taken", admin)
	}
	eventually(t, "it to be ready", func() bool { return statusOf(t, "http://"+admin+"/readyz") == http.StatusOK }, nil)
}

// statusOf is 0 where nobody answers.
func statusOf(t *testing.T, url string) int {
	t.Helper()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := transport.RoundTrip(req)
	if err != nil {
		return 0
	}
	_ = res.Body.Close()
	return res.StatusCode
}
