package dispatcher

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/proto"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/endpointtls"
	"github.com/posthaste/posthaste/services/internal/testbed/certtest"
)

func withTLS(pb *posthastev1.Tls) func(*posthastev1.Subscription) {
	return func(s *posthastev1.Subscription) { s.Tls = pb }
}

// A subscription shows its certificate to its endpoint and trusts its own
// authorities; another that has none gets nowhere. Its key is told nobody.
func TestMutualTLS(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.retries.RetryDelays = []string{"1h"}
	root, other := certtest.Authority(t, "root"), certtest.Authority(t, "other")
	client, stranger := root.Sign(t, "client"), other.Sign(t, "stranger")
	e := secureEndpoint(t, root.Sign(t, "name.example"), root)
	h.start(t)
	for name, c := range map[string]struct {
		tls  *posthastev1.Tls
		want Reason
	}{
		"its own":               {&posthastev1.Tls{ClientCertificate: client.Certificate, ClientKey: client.Key, Ca: root.Certificate}, ReasonDelivered},
		"none":                  {nil, ReasonTLS},
		"no client certificate": {&posthastev1.Tls{Ca: root.Certificate}, ReasonTLS},
		"another authority's":   {&posthastev1.Tls{ClientCertificate: stranger.Certificate, ClientKey: stranger.Key, Ca: root.Certificate}, ReasonTLS},
		"system's authorities":  {&posthastev1.Tls{ClientCertificate: client.Certificate, ClientKey: client.Key}, ReasonTLS},
		"other authorities":     {&posthastev1.Tls{ClientCertificate: client.Certificate, ClientKey: client.Key, Ca: other.Certificate}, ReasonTLS},
		"damaged":               {&posthastev1.Tls{Ca: "damaged"}, ReasonUnusableSubject},
	} {
		sub := h.wish(t, e.URL, withTLS(c.tls))
		before := h.count(t, bus.StreamAttempts)
		h.fresh(t, sub, 1)
		r := h.attempts(t, before+1)[before]
		// In TLS 1.3 a server refuses a client's certificate after the handshake, and
		// its alert may be lost with the connection.
		refused := name == "no client certificate" || name == "another authority's"
		lost := refused && r.GetReason() == string(ReasonConnection)
		if r.GetReason() != string(c.want) && !lost {
			t.Errorf("%s: recorded as %s, %q; want %s", name, r.GetReason(), r.GetError(), c.want)
		}
		if strings.Contains(r.String()+h.log.String(), strings.Split(client.Key, "\n")[1]) {
			t.Errorf("%s: the key is told", name)
		}
	}
	if got := e.posts(); len(got) != 1 || got[0].TLS.PeerCertificates[0].Subject.CommonName != "client" || got[0].ProtoMajor != 2 {
		t.Errorf("the endpoint got %d POSTs", len(got))
	}
}

// A change of the certificates holds from the next POST on.
func TestTLSChanges(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	root := certtest.Authority(t, "root")
	first, second := root.Sign(t, "first"), root.Sign(t, "second")
	e := secureEndpoint(t, root.Sign(t, "name.example"), root)
	var s *Service
	h.start(t, func(made *Service) { s = made })
	set := &posthastev1.Tls{ClientCertificate: first.Certificate, ClientKey: first.Key, Ca: root.Certificate}
	id := h.wish(t, e.URL, withTLS(set))
	post := func(n int) {
		t.Helper()
		h.fresh(t, id, 1)
		h.attempts(t, n)
	}
	post(1)
	transport := s.poster.own.of(id)
	h.set(t, id, func(pb *posthastev1.Subscription) { pb.Description = "d" })
	post(2)
	if s.poster.own.of(id) != transport {
		t.Error("another change costs the connections")
	}
	set = proto.CloneOf(set)
	set.ClientCertificate, set.ClientKey = second.Certificate, second.Key
	h.set(t, id, withTLS(set))
	post(3)
	var shown []string
	for _, p := range e.posts() {
		shown = append(shown, p.TLS.PeerCertificates[0].Subject.CommonName)
	}
	if got := strings.Join(shown, " "); got != "first first second" {
		t.Errorf("the endpoint saw %s", got)
	}
	h.set(t, id, withTLS(nil))
	h.fresh(t, id, 1)
	h.attempts(t, 4)
	if n := s.poster.own.count(); n != 0 {
		t.Errorf("%d transports are left", n)
	}
}

// set changes a stored subscription.
func (h *house) set(t *testing.T, id string, apply func(*posthastev1.Subscription)) {
	t.Helper()
	sub, err := h.live.Store.UpdateOpened(t.Context(), "t", id, time.Now(), func(pb *posthastev1.Subscription) (bool, error) {
		apply(pb)
		return true, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.live.Watcher.Await(t.Context(), sub.Revision); err != nil {
		t.Fatal(err)
	}
}

// of is the subscription's, nil for none.
func (o *ownTransports) of(id string) *ownTransport {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.byID[id]
}

func (o *ownTransports) count() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.byID)
}

// Transports are bounded in number and in the time that nothing uses them.
func TestOwnTransports(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newOwnTransports(&http.Transport{}, 2)
		defer o.close()
		at := func(id string) *destination {
			return &destination{subscription: id, tls: &tls.Config{MinVersion: tls.VersionTLS12}}
		}
		a, b, c := at("a"), at("b"), at("c")
		first := o.get(a)
		<-time.After(time.Second)
		o.get(b)
		<-time.After(time.Second)
		if o.get(a) != first {
			t.Error("a transport is made twice")
		}
		o.get(c)
		if o.of("b") != nil || o.of("a") == nil || o.count() != 2 {
			t.Errorf("%d transports, want a and c", o.count())
		}
		<-time.After(unusedAfter - time.Second)
		o.get(c)
		<-time.After(2 * time.Second)
		if o.of("a") != nil || o.of("c") == nil {
			t.Error("not the unused one alone is closed")
		}
		if changed := at("c"); o.get(changed) == o.get(c) || o.get(c).TLSClientConfig == nil {
			t.Error("another TLS has the same transport")
		}
		o.drop("c")
		if o.count() != 0 {
			t.Errorf("%d transports are left", o.count())
		}
	})
}

// Nothing below TLS 1.2 is spoken, whatever the endpoint wants.
func TestOldTLS(t *testing.T) {
	t.Parallel()
	root := certtest.Authority(t, "root")
	e := &endpoint{}
	e.Server = httptest.NewUnstartedServer(e.handler(nil))
	e.Config.ErrorLog = silent()
	e.TLS = serverTLS(t, root.Sign(t, "name.example"), nil)
	e.TLS.MinVersion, e.TLS.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	e.StartTLS()
	t.Cleanup(e.Close)
	p := sender(t, openGuard())
	id, err := endpointtls.Parse(&posthastev1.Tls{Ca: root.Certificate})
	if err != nil {
		t.Fatal(err)
	}
	own := to(t, e.URL)
	own.tls = id.Config()
	for _, d := range []*destination{to(t, e.URL), own} {
		if a := p.send(t, d, 5*time.Second); reasonOf(a.err) != ReasonTLS || e.count() != 0 {
			t.Errorf("%v", a.err)
		}
	}
}
