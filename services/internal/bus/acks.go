package bus

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// acks receives the PubAcks of one connection. It does for many messages at a
// time what JetStream's client does for each: there a message costs two
// channels, a timer and a JSON decoding, which was a tenth of a delivery's CPU.
type acks struct {
	conn   *nats.Conn
	prefix string // of reply subjects; a number follows
	status chan nats.Status
	done   chan struct{}

	mu      sync.Mutex
	last    uint64
	waiting map[uint64]slot
}

// slot is the place of one message in the part that it belongs to.
type slot struct {
	part  *part
	index int
}

// part is what one call has under way. It is guarded by acks.mu until ready
// holds its token; then it is the caller's, who gives it back.
type part struct {
	left  int
	acks  []Ack
	began time.Time
	ready chan struct{}
	// The first message that failed, and why; none where err is nil.
	failed int
	err    error
}

var parts = sync.Pool{New: func() any { return &part{ready: make(chan struct{}, 1)} }}

func newAcks(conn *nats.Conn) (*acks, error) {
	a := &acks{conn: conn, prefix: conn.NewInbox() + ".", waiting: make(map[uint64]slot), done: make(chan struct{})}
	sub, err := conn.Subscribe(a.prefix+"*", a.take)
	if err != nil {
		return nil, fmt.Errorf("subscribe to PubAcks: %w", err)
	}
	// The acks of a burst all come at once, and none may be dropped.
	if err := sub.SetPendingLimits(-1, -1); err != nil {
		return nil, fmt.Errorf("subscribe to PubAcks: %w", err)
	}
	a.status = conn.StatusChanged(nats.RECONNECTING, nats.CLOSED)
	go a.watch()
	return a, nil
}

func (a *acks) close() {
	a.conn.RemoveStatusListener(a.status)
	<-a.done
}

// watch fails what is under way when the connection is lost, for its acks will
// not come, and what has waited for too long.
func (a *acks) watch() {
	defer close(a.done)
	ticker := time.NewTicker(ackTimeout / 5)
	defer ticker.Stop()
	for {
		select {
		case _, open := <-a.status:
			if !open {
				return
			}
			a.failBefore(time.Now(), nats.ErrDisconnected)
		case now := <-ticker.C:
			a.failBefore(now.Add(-ackTimeout), errNoAck)
		}
	}
}

// failBefore settles what began by then.
func (a *acks) failBefore(then time.Time, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for token, s := range a.waiting {
		if !s.part.began.After(then) {
			a.settle(token, s, Ack{}, err)
		}
	}
}

// expect returns a part of n messages and the token of its first; the others
// follow.
func (a *acks) expect(n int) (p *part, first uint64) {
	p = parts.Get().(*part)
	p.left, p.acks, p.began, p.err = n, slices.Grow(p.acks[:0], n)[:n], time.Now(), nil
	a.mu.Lock()
	defer a.mu.Unlock()
	first = a.last + 1
	a.last += uint64(n)
	for i := range n {
		a.waiting[first+uint64(i)] = slot{p, i}
	}
	return p, first
}

// fail settles the tokens from first on that are not settled yet.
func (a *acks) fail(first uint64, n int, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for token := first; token < first+uint64(n); token++ {
		if s, ok := a.waiting[token]; ok {
			a.settle(token, s, Ack{}, err)
		}
	}
}

// settle notes the end of one message. The caller holds mu.
func (a *acks) settle(token uint64, s slot, ack Ack, err error) {
	delete(a.waiting, token)
	p := s.part
	p.acks[s.index] = ack
	if err != nil && (p.err == nil || s.index < p.failed) {
		p.failed, p.err = s.index, err
	}
	if p.left--; p.left == 0 {
		p.ready <- struct{}{} // has room for the one
	}
}

func (a *acks) reply(token uint64) string {
	b := make([]byte, 0, len(a.prefix)+13)
	return string(strconv.AppendUint(append(b, a.prefix...), token, 36))
}

// take is called for each PubAck.
func (a *acks) take(m *nats.Msg) {
	token, err := strconv.ParseUint(m.Subject[len(a.prefix):], 36, 64)
	if err != nil {
		return // not one of ours
	}
	ack, err := readAck(m)
	a.mu.Lock()
	defer a.mu.Unlock()
	if s, ok := a.waiting[token]; ok {
		a.settle(token, s, ack, err)
	}
}

var (
	seqMember       = []byte(`"seq":`)
	errorMember     = []byte(`"error"`)
	duplicateMember = []byte(`"duplicate"`) // there only where it is true
	errBadAck       = errors.New("unreadable PubAck")
)

// readAck reads {"stream":"S","seq":1,"duplicate":true}. What holds an error
// is decoded whole.
func readAck(m *nats.Msg) (Ack, error) {
	if len(m.Data) == 0 && m.Header.Get("Status") == "503" {
		return Ack{}, nats.ErrNoResponders
	}
	if bytes.Contains(m.Data, errorMember) {
		var answer struct {
			Error *jetstream.APIError `json:"error"`
		}
		if err := json.Unmarshal(m.Data, &answer); err != nil || answer.Error == nil {
			return Ack{}, errBadAck
		}
		return Ack{}, answer.Error
	}
	_, rest, ok := bytes.Cut(m.Data, seqMember)
	digits := 0
	for digits < len(rest) && rest[digits] >= '0' && rest[digits] <= '9' {
		digits++
	}
	seq, err := strconv.ParseUint(string(rest[:digits]), 10, 64)
	if !ok || err != nil {
		return Ack{}, errBadAck
	}
	return Ack{Sequence: seq, Duplicate: bytes.Contains(m.Data, duplicateMember)}, nil
}
