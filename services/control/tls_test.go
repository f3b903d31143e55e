package control

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/control/internal/subscriptions"
	"github.com/posthaste/posthaste/services/internal/endpointtls"
	"github.com/posthaste/posthaste/services/internal/testbed"
	"github.com/posthaste/posthaste/services/internal/testbed/certtest"
)

// tlsMember is the member tls of a request.
func tlsMember(t *testing.T, certificate, key, ca string) string {
	t.Helper()
	text, err := json.Marshal(subscriptions.TLSRequest{ClientCertificate: certificate, ClientKey: key, CA: ca})
	if err != nil {
		t.Fatal(err)
	}
	return `"tls":` + string(text)
}

func shownCertificate(m *certtest.Made) subscriptions.Certificate {
	return subscriptions.Certificate{Subject: m.X509.Subject.String(), ExpiresAt: m.X509.NotAfter.UTC(), Fingerprint: endpointtls.Fingerprint(m.X509)}
}

// The certificates are shown by their names, the key nowhere.
func TestTLS(t *testing.T) {
	t.Parallel()
	h := start(t)
	root := certtest.Authority(t, "root")
	client := root.Sign(t, "client")
	a := h.do(t, http.MethodPost, collection, with(tlsMember(t, client.Certificate, client.Key, root.Certificate)))
	got := a.one(t, http.StatusCreated).Data
	leaf := shownCertificate(client)
	want := &subscriptions.EventSubscriptionTLS{ClientCertificate: &leaf, CA: []subscriptions.Certificate{shownCertificate(root)}}
	if diff := cmp.Diff(want, got.TLS); diff != "" {
		t.Error(diff)
	}
	sub, opened := h.opened(t, got.ID)
	stored := &posthastev1.Tls{ClientCertificate: client.Certificate, ClientKey: client.Key, Ca: root.Certificate}
	if sub.GetTls() != nil || !proto.Equal(opened.GetTls(), stored) {
		t.Errorf("stored %v and sealed %v", sub.GetTls(), opened.GetTls())
	}
	path := collection + "/" + got.ID
	shown := []string{
		a.Text, h.do(t, http.MethodGet, path, "").Text, h.do(t, http.MethodGet, collection, "").Text,
		h.do(t, http.MethodPatch, path, `{`+tlsMember(t, root.Certificate, client.Key, "")+`}`).Text,
		h.do(t, http.MethodPatch, path, `{"description":"d"}`).Text, h.log.String(),
	}
	for i, text := range shown {
		if strings.Contains(text, strings.Split(client.Key, "\n")[1]) || strings.Contains(text, "PRIVATE KEY") && i != 3 {
			t.Errorf("the key is in answer %d: %s", i, text)
		}
	}
}

// Whatever stores it, no stream and no bucket has the key in the clear.
func TestClientKeyIsSealed(t *testing.T) {
	t.Parallel()
	h := start(t)
	root := certtest.Authority(t, "root")
	clients := []*certtest.Made{root.Sign(t, "created"), root.Sign(t, "patched"), root.Sign(t, "registered"), root.Sign(t, "registered again")}
	member := func(i int) string { return tlsMember(t, clients[i].Certificate, clients[i].Key, root.Certificate) }
	sealed := func(id, after string, i int) {
		t.Helper()
		sub, opened := h.opened(t, id)
		if sub.GetTls() != nil || sub.GetSealed() == nil || opened.GetTls().GetClientKey() != clients[i].Key {
			t.Errorf("after %s: %v in the clear, and another key sealed", after, sub.GetTls())
		}
	}
	a := h.as(t, call{adminKey, "application/json"}, http.MethodPost, collection, with(member(0)), "Idempotency-Key", "client-key")
	id := a.one(t, http.StatusCreated).Data.ID
	sealed(id, "a create", 0)
	for _, step := range []struct{ method, path, body string }{
		{http.MethodPost, "/rotate-secret", "{}"}, {http.MethodPost, "/disable", ""}, {http.MethodPost, "/enable", ""}, {http.MethodPatch, "", `{"description":"d"}`},
	} {
		h.do(t, step.method, collection+"/"+id+step.path, step.body).one(t, http.StatusOK)
		sealed(id, step.method+step.path, 0)
	}
	h.do(t, http.MethodPatch, collection+"/"+id, "{"+member(1)+"}").one(t, http.StatusOK)
	sealed(id, "a change of it", 1)
	register := func(members string, status int) string {
		t.Helper()
		return h.do(t, http.MethodPost, collection, `{"url":"https://example.com/hook","dialect":"aicity"`+members+`}`).one(t, status).Data.ID
	}
	only := register(","+member(2), http.StatusCreated)
	sealed(only, "a register", 2)
	register("", http.StatusOK)
	sealed(only, "a register that does not name it", 2)
	register(","+member(3), http.StatusOK)
	sealed(only, "a register that names another", 3)
	h.storesNone(t, clients)
}

// storesNone looks for the keys in all that NATS holds: as PEM and as bytes.
func (h *harness) storesNone(t *testing.T, clients []*certtest.Made) {
	t.Helper()
	looked := 0
	for name := range h.bus.JS.StreamNames(t.Context()).Name() {
		for _, msg := range testbed.Messages(t, h.bus.JS, name) {
			looked++
			for _, c := range clients {
				block, _ := pem.Decode([]byte(c.Key))
				if bytes.Contains(msg.Data, []byte("PRIVATE KEY")) || bytes.Contains(msg.Data, []byte(strings.Split(c.Key, "\n")[2])) || bytes.Contains(msg.Data, block.Bytes) {
					t.Errorf("%s has a client key in %s", name, msg.Subject)
				}
			}
		}
	}
	if looked < 2 {
		t.Errorf("looked at %d messages", looked)
	}
}

func TestPatchTLS(t *testing.T) {
	t.Parallel()
	h := start(t)
	root := certtest.Authority(t, "root")
	client := root.Sign(t, "client")
	path := collection + "/" + h.created(t, with(tlsMember(t, client.Certificate, client.Key, root.Certificate))).ID
	if got := h.do(t, http.MethodPatch, path, `{"description":"d"}`).one(t, http.StatusOK).Data; got.TLS == nil {
		t.Error("a change of another member takes the TLS away")
	}
	got := h.do(t, http.MethodPatch, path, `{`+tlsMember(t, "", "", root.Certificate)+`}`).one(t, http.StatusOK).Data
	if got.TLS == nil || got.TLS.ClientCertificate != nil || len(got.TLS.CA) != 1 {
		t.Errorf("replaced by %+v", got.TLS)
	}
	if got := h.do(t, http.MethodPatch, path, `{"tls":null}`).one(t, http.StatusOK).Data; got.TLS != nil {
		t.Errorf("reset to %+v", got.TLS)
	}
}

func TestTLSRefused(t *testing.T) {
	t.Parallel()
	h := start(t)
	root := certtest.Authority(t, "root")
	client := root.Sign(t, "client")
	old := root.Sign(t, "old", func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Hour) })
	path := collection + "/" + h.created(t, valid).ID
	for member, c := range map[string]struct{ field, message string }{
		`"tls":{}`:                               {"tls.clientCertificate", "is required, with clientKey, or ca"},
		`"tls":"x"`:                              {"tls", "an object"},
		`"tls":{"key":"x"}`:                      {"tls.key", "unknown field"},
		tlsMember(t, client.Certificate, "", ""): {"tls.clientKey", "is required with clientCertificate"},
		tlsMember(t, client.Certificate, root.Key, ""):             {"tls.clientKey", "is not the key of the first certificate"},
		tlsMember(t, old.Certificate, old.Key, ""):                 {"tls.clientCertificate", "expired at"},
		tlsMember(t, "", "", strings.Repeat(root.Certificate, 40)): {"tls.ca", "at most 16384 bytes (max-tls-bytes)"},
	} {
		for _, a := range []answer{h.do(t, http.MethodPost, collection, with(member)), h.do(t, http.MethodPatch, path, "{"+member+"}")} {
			if !strings.Contains(a.Text, `"field":"`+c.field+`"`) || !strings.Contains(a.Text, c.message) || a.Status != http.StatusBadRequest {
				t.Errorf("%.40s: %d %s, want %s %s", member, a.Status, a.Text, c.field, c.message)
			}
		}
	}
	plain := `{"url":"http://example.com/","eventTypes":["*"],` + tlsMember(t, "", "", root.Certificate) + "}"
	if a := h.do(t, http.MethodPost, collection, plain); !strings.Contains(a.Text, `"field":"tls","message":"is for https endpoints`) {
		t.Errorf("an http endpoint: %s", a.Text)
	}
}
