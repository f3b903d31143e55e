package producer

import (
	"context"
	"fmt"

	"github.com/nats-io/nats.go"

	"github.com/posthaste/posthaste/pkg/eventid"
)

const (
	contentType     = "Content-Type"
	contentProtobuf = "application/protobuf"
)

// message fills the event, checks it and wraps it. The same message is sent on
// every retry: it carries the same id and the same trace.
func (p *Producer) message(ctx context.Context, e *Event) (*nats.Msg, error) {
	e.fill(p.now)
	if err := e.check(); err != nil {
		return nil, err
	}
	data, err := e.marshal()
	if err != nil {
		return nil, fmt.Errorf("%w: encode: %w", ErrInvalid, err)
	}
	header := nats.Header{
		nats.MsgIdHdr: {eventid.MsgID(e.Tenant, e.Source, e.ID)},
		contentType:   {contentProtobuf},
	}
	p.propagator.Inject(ctx, carrier(header))
	return &nats.Msg{Subject: eventid.Subject(e.Tenant, e.Type), Header: header, Data: data}, nil
}

// carrier writes trace headers as the propagator spells them. NATS compares
// header names with case, and W3C Trace Context spells traceparent and
// tracestate in lower case; propagation.HeaderCarrier would capitalise them.
type carrier nats.Header

func (c carrier) Get(key string) string { return nats.Header(c).Get(key) }

func (c carrier) Set(key, value string) { c[key] = []string{value} }

func (c carrier) Keys() []string {
	keys := make([]string, 0, len(c))
	for key := range c {
		keys = append(keys, key)
	}
	return keys
}
