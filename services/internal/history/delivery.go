package history

import "time"

// What a delivery has come to.
const (
	StatusWaiting   = "waiting"   // its newest round has not ended
	StatusDelivered = "delivered" // the endpoint answered 2xx
	StatusFailed    = "failed"    // no attempt was left, or the answer was final
	StatusCancelled = "cancelled" // dropped: the subscription was gone or disabled
)

// Delivery is one event for one subscription, in the state of its newest
// round. Times are UTC and zero where there is none.
type Delivery struct {
	ID, Tenant, SubscriptionID string
	EventID, EventType         string
	Test                       bool
	Sequence                   uint64 // place of the event in EVENTS
	CreatedAt                  time.Time

	Status     string
	Reason     string    // why, as the dispatcher has it
	FinishedAt time.Time // zero while it waits
	// NextAttemptAt is when the next one is due; zero where none is.
	NextAttemptAt time.Time

	Rounds   int // how often it was made: 1, and 1 for each redelivery and replay
	Attempts int // POSTs in all rounds together
	// The first and the last POST, zero where none was made.
	FirstAttemptAt, LastAttemptAt time.Time

	// What the newest round's last POST came to, or an older round's where the
	// newest has none.
	URL            string
	ResponseStatus int // 0 where there was no answer
	Latency        time.Duration
	Error          string
}

// Attempt is one POST of a delivery, or a note.
type Attempt struct {
	Round  string // "" for the router's, else the id of the redelivery or replay
	Number int    // from 1 in each round
	// Note says that nothing was POSTed: it tells how a delivery ended.
	Note           bool
	StartedAt      time.Time
	Latency        time.Duration
	NextAt         time.Time // when the next is due; zero where none is
	ResponseStatus int       // 0 where there was no answer
	Outcome        string    // a final status, or "" where another attempt follows
	Reason, Error  string
	URL            string
	RequestHeader  []byte // a line for each value, as in HTTP/1.1
	Answer         []byte // the beginning of the body
}
