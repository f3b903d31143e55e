package e2e

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/posthaste/posthaste/services/internal/testbed/certtest"
)

const (
	leakProxyUser = "leak-proxy-user"
	leakProxy     = "leak-proxy-password-63fe"
)

// egressProxy makes tunnels for who knows the password, but none to port 1, where
// nothing is.
type egressProxy struct {
	net.Listener
	mu      sync.Mutex
	tunnels int
	refused int
}

func newEgressProxy(t *testing.T) *egressProxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &egressProxy{Listener: l}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := p.Accept()
			if err != nil {
				return
			}
			all.Go(func() { p.tunnel(conn) })
		}
	})
	t.Cleanup(func() { _ = p.Close(); all.Wait() })
	return p
}

func (p *egressProxy) url() string {
	return "http://" + leakProxyUser + ":" + leakProxy + "@" + p.Addr().String()
}

func (p *egressProxy) tunnel(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	req, err := http.ReadRequest(in)
	if err != nil {
		return
	}
	known := req.Header.Get("Proxy-Authorization") == "Basic "+base64.StdEncoding.EncodeToString([]byte(leakProxyUser+":"+leakProxy))
	other, err := net.Dial("tcp", req.RequestURI)
	p.count(known && err == nil)
	if !known || err != nil {
		fmt.Fprint(conn, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
		return
	}
	defer other.Close()
	fmt.Fprint(conn, "HTTP/1.1 200 Connection established\r\n\r\n")
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(other, in)
		_ = other.(*net.TCPConn).CloseWrite()
	}()
	_, _ = io.Copy(conn, other)
	_ = conn.Close()
	<-done
}

func (p *egressProxy) count(made bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if made {
		p.tunnels++
	} else {
		p.refused++
	}
}

func (p *egressProxy) counts() (tunnels, refused int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.tunnels, p.refused
}

// useClientKey has an endpoint that asks for a certificate, and changes it.
func (l *leaks) useClientKey(t *testing.T) {
	t.Helper()
	root := certtest.Authority(t, "root")
	server, err := pair(root.Sign(t, "server"))
	if err != nil {
		t.Fatal(err)
	}
	to := &inbox{}
	to.Server = httptest.NewUnstartedServer(to)
	to.TLS = &tls.Config{Certificates: []tls.Certificate{server}, ClientCAs: root.Pool(), ClientAuth: tls.RequireAndVerifyClientCert}
	to.StartTLS()
	t.Cleanup(to.Close)
	id := l.make(t, to, "mTLS", l.tlsMember(t, root, "first"))
	l.publish(t, event{Type: "leak.test", Data: json.RawMessage(`{}`)})
	to.await(t, 1)
	path := l.subscriptions + "/v1/event-subscriptions/" + id
	l.must(t, http.StatusOK, http.MethodPatch, path, []byte("{"+l.tlsMember(t, root, "second")+"}"))
	swapped := strings.NewReplacer("clientCertificate", "clientKey", "clientKey", "clientCertificate").Replace(l.tlsMember(t, root, "misplaced"))
	r, err := l.call(t, http.MethodPatch, path, "application/json", []byte("{"+swapped+"}"))
	if err != nil || r.status != http.StatusBadRequest {
		t.Errorf("a key in the place of the certificate: %d, %v", r.status, err)
	}
	l.shown = append(l.shown, r)
	l.publish(t, event{Type: "leak.test", Data: json.RawMessage(`{}`)})
	to.await(t, 2)
	l.look(t, "/v1/event-subscriptions/"+id)
	l.look(t, "/v1/deliveries?subscription="+id)
}

func pair(m *certtest.Made) (tls.Certificate, error) {
	return tls.X509KeyPair([]byte(m.Certificate), []byte(m.Key))
}

// tlsMember shows a client certificate of its own, whose key is remembered.
func (l *leaks) tlsMember(t *testing.T, root *certtest.Made, name string) string {
	t.Helper()
	client := root.Sign(t, name)
	text, err := json.Marshal(map[string]string{"clientCertificate": client.Certificate, "clientKey": client.Key, "ca": root.Certificate})
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode([]byte(client.Key))
	l.secrets["the "+name+" client key, decoded"] = string(block.Bytes)
	l.secrets["the "+name+" client key"] = strings.Split(client.Key, "\n")[2] // behind what all such keys begin with
	return `"tls":` + string(text)
}

// useAPIKey makes a key by the API, publishes with it, asks with it, and revokes
// it. What is wrong about it is told to nobody either.
func (l *leaks) useAPIKey(t *testing.T) {
	t.Helper()
	for _, name := range []string{"kept", "revoked"} {
		id, mine := l.makeKey(t, `"tenant":"default","scopes":["events:write","events:read","webhooks:read","webhooks:write"]`)
		secret := mine.key[len(id)+1:]
		l.secrets["an API key, "+name] = secret
		eventually(t, "ingest to know the key", func() bool { return mine.sends(t, "") == http.StatusAccepted }, nil)
		for _, key := range []string{mine.key, mine.key + "x", "Bearer " + mine.key, secret} {
			as := *mine
			as.key = key
			for _, path := range []string{"/v1/event-subscriptions", "/v1/api-keys", "/v1/nothing"} {
				l.shown = append(l.shown, as.answer(t, http.MethodGet, l.subscriptions+path))
			}
			as.sends(t, "another")
		}
		l.look(t, "/v1/api-keys")
		l.look(t, "/v1/api-keys/"+id)
		if name == "revoked" {
			l.must(t, http.StatusOK, http.MethodDelete, l.subscriptions+"/v1/api-keys/"+id, nil)
			eventually(t, "ingest to refuse the key", func() bool { return mine.sends(t, "") == http.StatusUnauthorized }, nil)
		}
	}
}

// useProxy sees that POSTs went through the proxy, and that one it makes no tunnel
// for is recorded.
func (l *leaks) useProxy(t *testing.T) {
	t.Helper()
	body := `{"url":"http://127.0.0.1:1/","eventTypes":["leak.proxy"]}`
	id := one(t, l.must(t, http.StatusCreated, http.MethodPost, l.subscriptions+"/v1/event-subscriptions", []byte(body))).ID
	l.publish(t, event{Type: "leak.proxy", Data: json.RawMessage(`{}`)})
	path := "/v1/deliveries?subscription=" + id
	eventually(t, "the failure in the history", func() bool {
		return strings.Contains(string(l.answer(t, http.MethodGet, l.subscriptions+path).body), `"failed"`)
	}, nil)
	l.look(t, path)
	tunnels, refused := l.proxy.counts()
	if tunnels == 0 || refused == 0 {
		t.Errorf("the proxy made %d tunnels and refused %d", tunnels, refused)
	}
	l.must(t, http.StatusAccepted, http.MethodDelete, l.subscriptions+"/v1/event-subscriptions/"+id, nil)
}
