package dispatcher

import (
	"errors"
	"fmt"

	"github.com/posthaste/posthaste/services/dispatcher/internal/gate"
	"github.com/posthaste/posthaste/services/internal/settings"
)

// Config bounds what a dispatcher does at once.
type Config struct {
	MaxInFlight   int            `name:"max-in-flight" group:"Dispatcher" unit:"count" help:"POSTs that one dispatcher makes at once. Each lane has its share: a quarter for what comes back from the delay line, the rest in halves for what is fresh and for what a tenant sends in bulk." default:"512"`
	Prefetch      int            `name:"dispatcher-prefetch" group:"Dispatcher" unit:"count" help:"Deliveries of a lane fetched ahead by one dispatcher." default:"256"`
	PrefetchBytes settings.Bytes `name:"dispatcher-prefetch-bytes" group:"Dispatcher" unit:"bytes" help:"And their bytes." default:"8MiB"`
	AnswerBytes   settings.Bytes `name:"max-answer-bytes" group:"Dispatcher" unit:"bytes" help:"How much of an answer's body is read." default:"64KiB"`
	RecordBytes   settings.Bytes `name:"record-answer-bytes" group:"Dispatcher" unit:"bytes" help:"How much of an answer's body is kept in the record of the attempt." default:"1KiB"`

	MaxIdleConns int `name:"max-idle-conns" group:"Dispatcher" unit:"count" help:"Idle connections kept to all endpoints together." default:"1024"`

	Gate   gate.Config  `embed:""`
	Egress EgressConfig `embed:""`
}

// InHand is how many deliveries of one lane a dispatcher holds when it is busy:
// those that it POSTs and those that it fetched ahead.
func (c *Config) InHand() int {
	fresh, _, _ := c.places()
	return fresh + min(c.Prefetch, fresh)
}

// places shares the POSTs at once out to the lanes: three eighths each for what
// is fresh and what comes in bulk, a quarter for what is due again.
func (c *Config) places() (fresh, bulk, due int) {
	due = max(1, c.MaxInFlight/4)
	bulk = max(1, (c.MaxInFlight-due)/2)
	return c.MaxInFlight - due - bulk, bulk, due
}

// Validate names the first setting that cannot work.
func (c *Config) Validate() error {
	switch {
	case c.MaxInFlight < 8:
		return fmt.Errorf("max-in-flight: must be at least 8, is %d", c.MaxInFlight)
	case c.Prefetch < 1:
		return fmt.Errorf("dispatcher-prefetch: must be at least 1, is %d", c.Prefetch)
	case c.PrefetchBytes < settings.Bytes(1<<20):
		return fmt.Errorf("dispatcher-prefetch-bytes: must be at least 1MiB, is %s", c.PrefetchBytes)
	case c.AnswerBytes < c.RecordBytes:
		return fmt.Errorf("max-answer-bytes: must be at least record-answer-bytes (%s), is %s", c.RecordBytes, c.AnswerBytes)
	case c.RecordBytes < 0:
		return errors.New("record-answer-bytes: must not be negative")
	case c.MaxIdleConns < 1:
		return fmt.Errorf("max-idle-conns: must be at least 1, is %d", c.MaxIdleConns)
	}
	return nil
}
