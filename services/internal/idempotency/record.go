package idempotency

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Errors that callers tell apart.
var (
	// ErrMismatch says that the key came with another request before.
	ErrMismatch = errors.New("the key was used for another request")
	// ErrRunning says that the request is being done.
	ErrRunning = errors.New("the request with this key is still being done")
	// ErrNotKept says that the request was done, and its answer was too large to
	// be kept.
	ErrNotKept = errors.New("the request was done, but its answer was not kept")
)

// StaleAfter is how long a request may run. One that has not ended by then is
// taken to have died with its process, and its key is free again.
const StaleAfter = time.Minute

// Answer is what a request was answered.
type Answer struct {
	Status int         `json:"status"`
	Header http.Header `json:"header,omitempty"`
	Body   []byte      `json:"body,omitempty"`
}

// record is the value in the bucket, in JSON.
type record struct {
	State   state     `json:"state"`
	Digest  []byte    `json:"digest"` // of the request
	Started time.Time `json:"started"`
	// Where done and not too large, one of the two: sealed, as a marshalled
	// posthastev1.Sealed, or in the clear where there are no encryption keys.
	Sealed []byte  `json:"sealed,omitempty"`
	Answer *Answer `json:"answer,omitempty"`
}

type state string

const (
	running state = "running"
	done    state = "done"
)

// judge says what a request with this digest meets: an answer that was kept, an
// error of the three, or neither, where the key is free to be taken over.
func (r *record) judge(digest [32]byte, now time.Time) (kept bool, err error) {
	same := string(r.Digest) == string(digest[:])
	switch {
	case r.State == running && now.Sub(r.Started) >= StaleAfter:
		return false, nil
	case !same:
		return false, ErrMismatch
	case r.State == running:
		return false, ErrRunning
	case r.Answer == nil && r.Sealed == nil:
		return false, ErrNotKept
	default:
		return true, nil
	}
}

func (r *record) encode() ([]byte, error) {
	value, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("encode the state of a request: %w", err)
	}
	return value, nil
}

func decode(value []byte) (*record, error) {
	r := new(record)
	if err := json.Unmarshal(value, r); err != nil {
		return nil, fmt.Errorf("decode the state of a request: %w", err)
	}
	return r, nil
}
