package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/semaphore"
)

const (
	// ackTimeout is how long one publish waits for its PubAck.
	ackTimeout = 5 * time.Second
	// chunk is how many publishes of one call are under way at once.
	chunk = 512
)

// Msg is a message to publish.
type Msg struct {
	Subject string
	// ID is the Nats-Msg-Id: publishing it again within the stream's window
	// changes nothing. Required.
	ID   string
	Data []byte
	// Header holds further headers, spelt exactly; may be nil. Publish adds
	// to it.
	Header nats.Header
}

// Ack is the stream's word that it has a message.
type Ack struct {
	Sequence  uint64
	Duplicate bool // the stream had it already
}

// Publisher publishes asynchronously and waits once for many. It bounds what
// is under way by count and by bytes, over all its callers. Safe for
// concurrent use.
type Publisher struct {
	bus     *Bus
	count   *semaphore.Weighted
	bytes   *semaphore.Weighted
	maxSize int64
}

// NewPublisher bounds what waits for a PubAck to inFlight messages and
// maxBytes bytes.
func (b *Bus) NewPublisher(inFlight int, maxBytes int64) *Publisher {
	return &Publisher{
		bus:     b,
		count:   semaphore.NewWeighted(int64(max(inFlight, chunk))),
		bytes:   semaphore.NewWeighted(maxBytes),
		maxSize: maxBytes,
	}
}

// PublishOnce publishes all messages and returns when each was acked or has
// failed. acks, where not nil, has the length of msgs and receives their
// acks. The error is that of the first message that failed.
func (p *Publisher) PublishOnce(ctx context.Context, msgs []Msg, acks []Ack) error {
	_, err := p.publish(ctx, msgs, acks)
	return err
}

// Publish is PublishOnce, repeated with the same ids for what failed until
// all is acked, JetStream refuses a message for good, or ctx ends.
func (p *Publisher) Publish(ctx context.Context, msgs []Msg) error {
	return p.PublishAcked(ctx, msgs, nil)
}

// publish returns how many messages from the start were acked without a gap.
func (p *Publisher) publish(ctx context.Context, msgs []Msg, acks []Ack) (int, error) {
	done := 0
	for done < len(msgs) {
		n, size := p.take(msgs[done:])
		if err := p.acquire(ctx, n, size); err != nil {
			return done, err
		}
		part := msgs[done : done+n]
		var partAcks []Ack
		if acks != nil {
			partAcks = acks[done : done+n]
		}
		ok, err := p.send(ctx, part, partAcks)
		p.count.Release(int64(n))
		p.bytes.Release(size)
		done += ok
		if err != nil {
			return done, err
		}
	}
	return done, nil
}

// take says how many messages go in one part, and their weight.
func (p *Publisher) take(msgs []Msg) (n int, size int64) {
	for n < len(msgs) && n < chunk {
		next := int64(len(msgs[n].Data))
		if n > 0 && size+next > p.maxSize {
			break
		}
		size += next
		n++
	}
	return n, min(size, p.maxSize)
}

func (p *Publisher) acquire(ctx context.Context, n int, size int64) error {
	if err := p.count.Acquire(ctx, int64(n)); err != nil {
		return fmt.Errorf("publish: wait for room: %w", err)
	}
	if err := p.bytes.Acquire(ctx, size); err != nil {
		p.count.Release(int64(n))
		return fmt.Errorf("publish: wait for room: %w", err)
	}
	return nil
}

// send publishes a part and waits for all of it, also after a failure: what
// is still under way must be known before anybody repeats it.
func (p *Publisher) send(ctx context.Context, msgs []Msg, out []Ack) (int, error) {
	acks := p.bus.acks
	part, first := acks.expect(len(msgs))
	for i := range msgs {
		if err := p.bus.NC.PublishMsg(msgs[i].message(acks.reply(first + uint64(i)))); err != nil {
			acks.fail(first+uint64(i), len(msgs)-i, err)
			break
		}
	}
	select {
	case <-part.ready:
	case <-ctx.Done():
		acks.fail(first, len(msgs), ctx.Err())
		<-part.ready
	}
	copy(out, part.acks)
	failed, err := part.failed, part.err
	parts.Put(part)
	if err != nil {
		return failed, fmt.Errorf("publish %s: %w", msgs[failed].Subject, tooLarge(err))
	}
	return len(msgs), nil
}

// errNoAck may mean that the message is stored and its ack lost: repeat it with
// the same id.
var errNoAck = fmt.Errorf("no PubAck within %s", ackTimeout)

func (m *Msg) message(reply string) *nats.Msg {
	header := m.Header
	if header == nil {
		header = make(nats.Header, 1)
	}
	header[jetstream.MsgIDHeader] = []string{m.ID}
	return &nats.Msg{Subject: m.Subject, Reply: reply, Header: header, Data: m.Data}
}

// ErrTooLarge is a message over the server's max_payload, or one whose headers
// are over what a stream keeps (64 KiB).
var ErrTooLarge = nats.ErrMaxPayload

// tooLarge finds the answers of JetStream that mean the same.
func tooLarge(err error) error {
	var api *jetstream.APIError
	if errors.As(err, &api) && (api.ErrorCode == codeMessageTooLarge || api.ErrorCode == codeHeaderTooLarge) {
		return fmt.Errorf("%w: %w", ErrTooLarge, err)
	}
	return err
}

const (
	codeMessageTooLarge = 10054
	codeHeaderTooLarge  = 10097
)

// permanent says whether repeating cannot help.
func permanent(err error) bool {
	return errors.Is(err, nats.ErrMaxPayload) || errors.Is(err, nats.ErrConnectionClosed) ||
		errors.Is(err, nats.ErrBadSubject)
}

// Overhead is the most that a delivery and its message add to an event: ids,
// times, headers, and CloudEvents attributes at their limits.
const Overhead = 160 << 10
