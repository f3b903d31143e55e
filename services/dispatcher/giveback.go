package dispatcher

import (
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// let ends this dispatcher's hold on the job, before anybody else is told.
func (s *Service) let(j job) {
	j.held.Release()
	s.hands.release(j.sequence)
}

// done acks the delivery. A lost ack brings it again, and its dedup key stops
// it.
func (s *Service) done(j job) {
	s.let(j)
	if err := j.msg.Ack(); err != nil {
		s.Log.Debug("ack delivery", "delivery", j.GetId(), "error", err)
	}
}

// putBack gives a job to another dispatcher, at once.
func (s *Service) putBack(j job) {
	s.let(j)
	s.giveBack(j.msg)
}

// pause keeps what cannot be worked on now from turning in circles.
const pause = time.Second

// putBackLater gives a job back that fails for a reason of ours.
func (s *Service) putBackLater(j job) {
	s.let(j)
	if err := j.msg.NakWithDelay(pause); err != nil {
		s.Log.Debug("give delivery back", "delivery", j.GetId(), "error", err)
	}
}

func (s *Service) giveBack(msg jetstream.Msg) {
	if err := msg.Nak(); err != nil {
		s.Log.Debug("give delivery back", "subject", msg.Subject(), "error", err)
	}
}
