package dispatcher

import (
	"crypto/sha256"
	"crypto/tls"
	"net/http"
	"net/url"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/endpointtls"
	"github.com/posthaste/posthaste/services/internal/subscription"
)

// destination is where a subscription's POSTs go.
type destination struct {
	*url.URL
	subscription string
	// tls is the subscription's own, nil for what all others have.
	tls *tls.Config
	// secrets tells the TLS of one revision from that of another.
	secrets [sha256.Size]byte
}

// destination makes it anew where the subscription's TLS has changed. Errors
// are those of stored TLS that cannot be read.
func (s *Service) destination(to *url.URL, sub *subscription.Subscription, opened subscription.Secrets) (*destination, error) {
	d := &destination{URL: to, subscription: sub.GetId(), secrets: digest(opened.GetTls())}
	s.targets.mu.RLock()
	old := s.targets.byID[sub.GetId()]
	s.targets.mu.RUnlock()
	if old != nil && old.url.secrets == d.secrets {
		d.tls = old.url.tls
		return d, nil
	}
	if opened.GetTls() == nil {
		s.poster.own.drop(sub.GetId())
		return d, nil
	}
	identity, err := endpointtls.Parse(opened.GetTls())
	if err != nil {
		return nil, err
	}
	d.tls = identity.Config()
	return d, nil
}

func digest(tls *posthastev1.Tls) [sha256.Size]byte {
	b, _ := proto.MarshalOptions{Deterministic: true}.Marshal(tls) // it was unmarshalled
	return sha256.Sum256(b)
}

// transportTo is the one for all, or the subscription's own.
func (p *poster) transportTo(to *destination) *http.Transport {
	if to.tls == nil {
		return p.transport
	}
	return p.own.get(to)
}

// unusedAfter is when the transport of a subscription that nothing was sent to
// is closed, longer than its connections are kept.
const unusedAfter = idleTimeout + 30*time.Second

// ownTransports are those of subscriptions with TLS of their own, so that no
// connection with one's certificate carries another's POSTs. A transport is
// closed when the subscription's TLS changes, when it goes, when nothing has
// used it for a while, and when there are too many.
type ownTransports struct {
	like *http.Transport
	most int
	mu   sync.Mutex
	byID map[string]*ownTransport
}

type ownTransport struct {
	*http.Transport
	tls    *tls.Config
	used   time.Time
	unused *time.Timer
}

func newOwnTransports(like *http.Transport, most int) *ownTransports {
	return &ownTransports{like: like, most: most, byID: make(map[string]*ownTransport)}
}

// get finds or makes the transport of a destination with TLS of its own.
func (o *ownTransports) get(to *destination) *http.Transport {
	o.mu.Lock()
	defer o.mu.Unlock()
	if t := o.byID[to.subscription]; t != nil && t.tls == to.tls {
		t.used = time.Now()
		t.unused.Reset(unusedAfter)
		return t.Transport
	}
	o.remove(to.subscription)
	for len(o.byID) >= o.most {
		o.remove(o.oldest())
	}
	t := &ownTransport{Transport: o.like.Clone(), tls: to.tls, used: time.Now()}
	t.TLSClientConfig = to.tls.Clone()
	t.unused = time.AfterFunc(unusedAfter, func() { o.expire(to.subscription, t) })
	o.byID[to.subscription] = t
	return t.Transport
}

// oldest is asked for rarely: when one more than may be is needed.
func (o *ownTransports) oldest() (id string) {
	for candidate, t := range o.byID {
		if id == "" || t.used.Before(o.byID[id].used) {
			id = candidate
		}
	}
	return id
}

// remove closes the idle connections; the others close when they become idle.
func (o *ownTransports) remove(id string) {
	if t := o.byID[id]; t != nil {
		t.unused.Stop()
		t.CloseIdleConnections()
		delete(o.byID, id)
	}
}

func (o *ownTransports) expire(id string, t *ownTransport) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.byID[id] == t && time.Since(t.used) >= unusedAfter {
		o.remove(id)
	}
}

// drop closes what the subscription has.
func (o *ownTransports) drop(id string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.remove(id)
}

func (o *ownTransports) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for id := range o.byID {
		o.remove(id)
	}
}
