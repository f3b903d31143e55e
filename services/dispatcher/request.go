package dispatcher

import (
	"maps"
	"net/http"
	"time"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/proto"

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
	if len(r.body) == 0 {
		r.body = t.dialect.AppendBody(nil, &in)
	}
	r.header = t.dialect.Header(&in, now, r.body, t.signer)
	if t.tells() {
		forwardTrace(r.header, j.msg.Headers())
	}
	maps.Copy(r.header, t.own)
	return r
}

// carry hands the body on to the next attempt, so that it is the same bytes
// whatever becomes of the dialect. It takes the place of the data that it was
// made of, unless headers show some of that. What would then be too large for a
// message stays as it is, and the body is made again.
func (s *Service) carry(j job, t *target, body []byte) {
	if len(j.GetBody()) > 0 {
		return
	}
	data := j.GetEvent().GetData()
	j.Body = body
	if !t.dialect.HeadersUseData() {
		j.Event.Data = nil
	}
	if int64(proto.Size(j.Delivery)) > s.Bus.MaxPayload()-frame {
		j.Body, j.Event.Data = nil, data
	}
}

// frame is room in a message for its header and what a wait writes into the
// delivery, in bytes.
const frame = 16 << 10

func traceParent(h nats.Header) string {
	if v := h[bus.HeaderTraceparent]; len(v) > 0 {
		return v[0]
	}
	return ""
}
