package e2e

import (
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
)

// writeAuthority keeps the certificate of httptest's servers, which is its own
// authority, in a file. Go programs trust what SSL_CERT_FILE names.
func writeAuthority(t *testing.T) string {
	t.Helper()
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	file := filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// receiveTLS opens an endpoint with TLS that offers HTTP/2.
func receiveTLS(t *testing.T) *endpoint {
	t.Helper()
	e := newEndpoint(nil)
	e.server = httptest.NewUnstartedServer(e.handler(t))
	e.server.EnableHTTP2 = true
	e.server.StartTLS()
	t.Cleanup(e.server.Close)
	return e
}

// HTTPS endpoints are spoken to in HTTP/2 where they offer it.
func testHTTPS(c scenario) {
	t, s, tenant := c.T, c.stack, c.tenant
	to := receiveTLS(t)
	s.subscribe(t, to, wish{tenant: tenant, types: []string{"tls"}})
	s.deliver(t, to, tenant, "tls")
	if a := to.all()[0]; a.proto != 2 {
		t.Errorf("delivered by HTTP/%d, want 2", a.proto)
	}
}

// Beyond dev, endpoints without TLS and on this machine are refused unless
// each is allowed.
func testRegistration(c scenario) {
	t, s := c.T, c.stack
	for name, refused := range map[string]struct{ insecure, networks, url, message string }{
		"http":     {"false", "", "http://example.com/hook", "Webhook URL must use HTTPS"},
		"loopback": {"true", "", "http://127.0.0.1:9/hook", "Webhook URL must not resolve to a private or reserved IP address"},
		"metadata": {"true", "127.0.0.0/8", "http://169.254.169.254/latest", "Webhook URL must not resolve to a private or reserved IP address"},
	} {
		addr := freeAddr(t)
		strict := s.run(t, "control", "-"+name, env{
			"POSTHASTE_ADDR": addr, "POSTHASTE_ALLOW_INSECURE_ENDPOINTS": refused.insecure, "POSTHASTE_ALLOW_NETWORKS": refused.networks,
		})
		strict.awaitReady(t)
		body := []byte(`{"url":"` + refused.url + `","eventTypes":["*"]}`)
		answer := s.must(t, http.StatusBadRequest, http.MethodPost, "http://"+addr+"/v1/event-subscriptions", body)
		if !strings.Contains(string(answer), refused.message) {
			t.Errorf("%s: refused with %s, want %q", name, answer, refused.message)
		}
	}
}

// What control let in, a dispatcher that is stricter does not dial.
func TestBlockedAtDelivery(t *testing.T) {
	begin(t)
	s := startStack(t, plan{dispatcher: env{"POSTHASTE_ALLOW_NETWORKS": ""}})
	to := receive(t, nil)
	sub := s.register(t, to, wish{tenant: "blocked", types: []string{"knock"}, delays: []string{"100ms"}})
	// Another control serves the same bucket; the router reads it like this one.
	nc := connect(t, s.nats.url)
	var record *posthastev1.Attempt
	eventually(t, "a blocked attempt", func() bool {
		s.publish(t, event{Tenant: "blocked", Type: "knock", Data: json.RawMessage(`{}`)})
		if s.dispatchers[0].metric(t, attemptsMetric) == 0 {
			return false
		}
		record = attempts(t, nc, sub, "knock", 1)[0]
		return true
	}, nil)
	if record.GetReason() != "blocked_address" || record.GetStatus() != 0 || to.count() != 0 {
		t.Errorf("the attempt came to %q with status %d, and %d POSTs arrived", record.GetReason(), record.GetStatus(), to.count())
	}
}
