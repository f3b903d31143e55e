package receiver

import (
	"net/http"
	"strconv"
	"time"
)

// Behaviour is how an endpoint answers. It may be changed while it serves.
type Behaviour struct {
	Status int
	// After is how long it takes to answer.
	After time.Duration
	// Hang is never to answer.
	Hang bool
	// RetryAt is the time that Retry-After names, where it is not zero.
	RetryAt time.Time
	// Places bounds how many requests are worked on at once; the others wait
	// for their turn, as at a server with a fixed pool. 0 is for no bound.
	Places int

	places chan struct{}
}

// Healthy answers at once.
var Healthy = Behaviour{Status: http.StatusNoContent}

func (b *Behaviour) good() bool { return !b.Hang && b.Status < 300 }

// serve answers. It ends early where the client hangs up.
func (b *Behaviour) serve(w http.ResponseWriter, req *http.Request) {
	if b.Hang {
		<-req.Context().Done()
		return
	}
	if b.places != nil {
		select {
		case b.places <- struct{}{}:
			defer func() { <-b.places }()
		case <-req.Context().Done():
			return
		}
	}
	if b.After > 0 {
		select {
		case <-time.After(b.After):
		case <-req.Context().Done():
			return
		}
	}
	if left := time.Until(b.RetryAt); left > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(left.Seconds()+1)))
	}
	w.WriteHeader(b.Status)
}
