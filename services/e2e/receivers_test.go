package e2e

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/posthaste/posthaste/pkg/examples/receivers"
)

// The receivers of the three systems' own pages, on Node, take what is
// delivered, and refuse the same with a byte flipped.
func TestReceivers(t *testing.T) {
	join(t)
	for name, subscribe := range map[string]func(*agent, *testing.T, *relay) (secret string){
		receivers.Neiracore:     (*agent).relayNeiracore,
		receivers.AICityExpress: (*agent).relayCity,
		receivers.AICityHono:    (*agent).relayCity,
		receivers.AgentRail:     (*agent).relayRail,
	} {
		t.Run(name, func(t *testing.T) {
			a := join(t)
			r := newRelay(t)
			r.to(startReceiver(t, name, subscribe(a, t, r)))
			a.checkReceiver(t, r)
		})
	}
}

func (a *agent) relayNeiracore(t *testing.T, r *relay) string {
	t.Helper()
	a.neiracore(t, r.inbox, neiracoreSecret, "thread.message")
	return neiracoreSecret
}

func (a *agent) relayRail(t *testing.T, r *relay) string {
	t.Helper()
	a.subscribeTo(t, r.inbox, "agentrail", railSecret, "thread.message")
	return railSecret
}

func (a *agent) relayCity(t *testing.T, r *relay) string {
	t.Helper()
	return a.city(t, r.inbox).Secret
}

func startReceiver(t *testing.T, name, secret string) *receivers.Receiver {
	t.Helper()
	r, err := receivers.Start(t.Context(), name, secret)
	if errors.Is(err, receivers.ErrNoNode) || errors.Is(err, receivers.ErrNoPackages) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Stop(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("log of %s:\n%s", name, r.Log())
		}
	})
	return r
}

// relay is an endpoint that keeps each POST and hands it on to a receiver,
// whose answer it gives.
type relay struct {
	*inbox
	http     *http.Client
	receiver atomic.Pointer[receivers.Receiver]
}

func newRelay(t *testing.T) *relay {
	t.Helper()
	r := &relay{http: newHTTP(t)}
	r.inbox = collect(t, func(w http.ResponseWriter, p post) {
		status, err := r.forward(p.header, p.body)
		if err != nil {
			t.Errorf("hand on: %v", err)
			status = http.StatusBadGateway
		}
		w.WriteHeader(status)
	})
	return r
}

// to says where to hand on to.
func (r *relay) to(receiver *receivers.Receiver) { r.receiver.Store(receiver) }

func (r *relay) forward(header http.Header, body []byte) (status int, err error) {
	req, err := http.NewRequest(http.MethodPost, r.receiver.Load().URL, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header = header.Clone()
	res, err := r.http.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	return res.StatusCode, err
}

func (a *agent) checkReceiver(t *testing.T, r *relay) {
	t.Helper()
	const data = `{ "threadId":"thr_xyz", "content":"Grüße, <b>du</b> 😀", "n": [1, 2.50] }`
	if d := a.outcome(t, a.emit(t, "thread.message", data)); d.Status != "delivered" || d.Attempts != 1 {
		t.Fatalf("the delivery is %+v", d)
	}
	took, err := r.receiver.Load().Await(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	p := r.all()[0]
	var sent, got any
	decode(t, []byte(data), &sent)
	decode(t, took[0].Data, &got)
	if took[0].Type != "thread.message" || took[0].ID == "" || !bytes.Contains(p.body, []byte(`"`+took[0].ID+`"`)) || !reflect.DeepEqual(sent, got) {
		t.Errorf("the receiver took %+v of %s", took[0], p.body)
	}
	r.checkRefusals(t, p)
}

// checkRefusals flips a byte of every member of the body, and of the signature.
func (r *relay) checkRefusals(t *testing.T, p post) {
	t.Helper()
	for at := 1; at < len(p.body); at += len(p.body)/8 + 1 {
		flipped := bytes.Clone(p.body)
		flipped[at] ^= 1
		r.checkRefused(t, p.header, flipped)
	}
	for name, values := range p.header {
		if lower := strings.ToLower(name); strings.HasSuffix(lower, "-signature") && lower != "webhook-signature" {
			forged := p.header.Clone()
			last := len(values[0]) - 1
			forged.Set(name, values[0][:last]+string("0123456789abcdef0"[strings.IndexByte("0123456789abcdef", values[0][last])+1]))
			r.checkRefused(t, forged, p.body)
		}
	}
	if status, err := r.forward(p.header, p.body); err != nil || status != http.StatusOK {
		t.Errorf("unchanged it is answered %d: %v", status, err)
	}
	if took, err := r.receiver.Load().Await(t.Context(), 2); err != nil || len(took) != 2 {
		t.Errorf("the receiver took %d, want the first and the unchanged one: %v", len(took), err)
	}
}

func (r *relay) checkRefused(t *testing.T, header http.Header, body []byte) {
	t.Helper()
	if status, err := r.forward(header, body); err != nil || status != http.StatusUnauthorized {
		t.Errorf("%s signed with %v is answered %d: %v", body, header, status, err)
	}
}
