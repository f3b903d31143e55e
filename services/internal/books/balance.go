package books

import (
	"fmt"
	"time"
)

// Books are what an audit shows. The counts are since OpenedAt.
type Books struct {
	At       time.Time  `json:"at"`
	OpenedAt *time.Time `json:"openedAt"` // nil where they are not opened yet
	// Opened says why the books were opened anew, empty for the first time.
	Opened string `json:"opened,omitempty"`

	Events     Events     `json:"events"`
	Deliveries Deliveries `json:"deliveries"`
	Waiting    Waiting    `json:"waiting"`
	History    Queue      `json:"history"` // records that the history has not been given

	// Missing is how many deliveries were made and neither ended nor wait: 0 where
	// the books balance, less where some ended twice or in sight of being counted.
	Missing int64 `json:"missing"`
	// Settled says that nothing moved for three seconds, so that Missing is exact.
	Settled bool `json:"settled"`
	// Uncounted are the records and events that streams have and no account: a
	// process was killed before it wrote them, or is about to.
	Uncounted Uncounted `json:"uncounted"`
	// Open says what is not settled, and why, for people.
	Open []string `json:"open"`
}

// Events are those of EVENTS.
type Events struct {
	Accepted int64 `json:"accepted"` // stored since EVENTS was made, by HTTP or NATS
	Routed   int64 `json:"routed"`   // of these
	Rejected int64 `json:"rejected"` // of these: set aside in REJECTED
	Waiting  Queue `json:"waiting"`
}

// Deliveries are made = delivered + failed + cancelled + waiting + missing.
type Deliveries struct {
	Made      int64 `json:"made"` // those among them that waited when the books were opened
	Delivered int64 `json:"delivered"`
	Failed    int64 `json:"failed"`
	Cancelled int64 `json:"cancelled"`
	Waiting   int64 `json:"waiting"`
}

// Uncounted are what accounts lack.
type Uncounted struct {
	Records int64 `json:"records"`
	Events  int64 `json:"events"`
}

// balance works the books out of one look.
func balance(s *sample, settled bool) *Books {
	b := &Books{
		At: s.at, Waiting: s.waiting, History: s.history, Settled: settled, Open: []string{},
		Events: Events{Accepted: s.accepted, Routed: s.routed(), Rejected: s.rejected, Waiting: s.router},
	}
	o := s.ledger.opening
	if o == nil {
		b.Deliveries.Waiting = s.waiting.Total
		b.Open = append(b.Open, "the books are not opened yet: that is done at the first moment in which nothing moves for three seconds")
		b.Open = append(b.Open, b.reasons()...)
		return b
	}
	since := s.ledger.sum.plus(o.Accounts, -1)
	b.OpenedAt, b.Opened = &o.At, o.Why
	b.Deliveries = Deliveries{
		Made: since.Made + o.Waiting, Delivered: since.Delivered, Failed: since.Failed, Cancelled: since.Cancelled, Waiting: s.waiting.Total,
	}
	b.Uncounted = Uncounted{
		Records: max(0, int64(s.moves.attempts)-o.Records-since.Records),
		Events:  max(0, s.routed()-o.Routed-since.Events),
	}
	b.Missing = b.Deliveries.Made - since.ended() - s.waiting.Total
	b.Open = append(b.Open, b.reasons()...)
	return b
}

// reasons say what is not settled.
func (b *Books) reasons() []string {
	var all []string
	say := func(n int64, format string) {
		if n != 0 {
			all = append(all, fmt.Sprintf(format, n))
		}
	}
	if !b.Settled {
		all = append(all, "something moved within the last seconds: counts are up to three seconds apart")
	}
	say(b.Events.Waiting.Pending, "%d events wait to be routed")
	say(b.Events.Waiting.InHand, "%d events are being routed")
	for _, lane := range []string{"fresh", "bulk", "due"} {
		say(b.Waiting.Lanes[lane].Pending, "%d deliveries wait in the lane "+lane)
		say(b.Waiting.Lanes[lane].InHand, "%d deliveries of the lane "+lane+" are being delivered")
	}
	var later int64
	for _, n := range b.Waiting.Tiers {
		later += n
	}
	say(later, "%d deliveries wait in the delay line for their next attempt")
	say(b.History.all(), "%d records are not in the history yet")
	say(b.Uncounted.Records, "%d records are in no account: a process was killed, or writes them in a second")
	say(b.Uncounted.Events, "%d routed events are in no account: a router was killed, or writes them in a second")
	return all
}

// lost is how many deliveries are missing for no reason that is known.
func (b *Books) lost() int64 {
	if b.Uncounted.Events > 0 {
		return min(b.Missing, 0) // how many deliveries those made is not known
	}
	return b.Missing - b.Uncounted.Records
}
