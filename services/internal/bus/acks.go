package bus

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"

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

// part is what one call has under way. Its fields are guarded by acks.mu until
// ready is closed; then they are the caller's.
type part struct {
	left  int
	acks  []Ack
	errs  []error
	ready chan struct{}
}

func newAcks(conn *nats.Conn) (*acks, error) {
	a := &acks{conn: conn, prefix: nats.NewInbox() + ".", waiting: make(map[uint64]slot), done: make(chan struct{})}
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

// watch fails what is under way when the connection is lost: its acks will not
// come.
func (a *acks) watch() {
	defer close(a.done)
	for range a.status {
		a.mu.Lock()
		for token, s := range a.waiting {
			a.settle(token, s, Ack{}, nats.ErrDisconnected)
		}
		a.mu.Unlock()
	}
}

// expect returns a part of n messages and the token of its first; the others
// follow.
func (a *acks) expect(n int) (p *part, first uint64) {
	p = &part{left: n, acks: make([]Ack, n), errs: make([]error, n), ready: make(chan struct{})}
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
	s.part.acks[s.index], s.part.errs[s.index] = ack, err
	if s.part.left--; s.part.left == 0 {
		close(s.part.ready)
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
