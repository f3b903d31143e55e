package dispatcher

import (
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/posthaste/posthaste/pkg/webhook"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/dialect"
)

// request is what one attempt sends.
type request struct {
	header http.Header
	body   []byte
}

// request makes the attempt's header, and the body where it was not made for
// an attempt before.
func (t *target) request(j job, now time.Time) request {
	in := dialect.Delivery{
		Event: j.GetEvent(), ID: j.GetId(), SubscriptionID: j.GetSubscriptionId(),
		Attempt: j.GetAttempt(), Sequence: j.GetSequence(), Round: j.GetRound(), TraceParent: traceParent(j.msg.Headers()),
	}
	r := request{body: j.GetBody()}
	if r.body == nil {
		r.body = t.dialect.AppendBody(make([]byte, 0, len(j.GetEvent().GetData())+bodyFrame), &in)
	}
	r.header = t.dialect.Header(&in, now, r.body, t.signer)
	forwardTrace(r.header, j.msg.Headers())
	t.addOwn(r.header)
	return r
}

// carry hands the body on to the next attempt, in the place of the data it was
// made of, so that it is the same bytes whatever becomes of the dialect. Where
// headers show some of the data both would have to go, and might not fit in a
// message; there the body is made again.
func (t *target) carry(j job, body []byte) {
	if !t.dialect.HeadersUseData() {
		j.Body, j.Event.Data = body, nil
	}
}

// bodyFrame is room for what a dialect puts around an event's data, in bytes.
const bodyFrame = 256

// addOwn adds what the subscription itself asks for.
func (t *target) addOwn(h http.Header) {
	if own := t.sub.GetContentType(); own != "" {
		h["Content-Type"] = []string{own}
	}
	for name, value := range t.sub.GetHeaders() {
		h[http.CanonicalHeaderKey(name)] = []string{value}
	}
}

// hidden stands for credentials: the values of a subscription's own headers,
// and signatures, with which a delivery could be sent again by others.
const hidden = "[secret]"

// recorded is the header as the record shows it: a line for each value, sorted.
func (t *target) recorded(h http.Header) []byte {
	b := make([]byte, 0, 512)
	for _, name := range slices.Sorted(maps.Keys(h)) {
		for _, value := range h[name] {
			if t.hides(name) {
				value = hidden
			}
			b = append(append(append(append(b, name...), ": "...), value...), '\n')
		}
	}
	return b
}

func (t *target) hides(name string) bool {
	if name == webhook.HeaderSignature || name == t.dialect.Scheme.SignatureHeader {
		return true
	}
	for own := range t.sub.GetHeaders() {
		if http.CanonicalHeaderKey(own) == name {
			return true
		}
	}
	return false
}

func traceParent(h nats.Header) string {
	if v := h[bus.HeaderTraceparent]; len(v) > 0 {
		return v[0]
	}
	return ""
}
