package dispatcher

import (
	"errors"
	"fmt"
	"time"

	"github.com/posthaste/posthaste/services/internal/settings"
)

// Config bounds what a dispatcher does at once and says how it treats
// failure.
type Config struct {
	MaxInFlight    int            `name:"max-in-flight" group:"Dispatcher" unit:"count" help:"Deliveries in the hands of one dispatcher. A quarter is kept for those that come back from the delay line." default:"512"`
	Prefetch       int            `name:"dispatcher-prefetch" group:"Dispatcher" unit:"count" help:"Deliveries of a lane fetched ahead by one dispatcher." default:"256"`
	PrefetchBytes  settings.Bytes `name:"dispatcher-prefetch-bytes" group:"Dispatcher" unit:"bytes" help:"And their bytes." default:"8MiB"`
	RequestTimeout time.Duration  `name:"request-timeout" group:"Dispatcher" unit:"duration" help:"From the start of a POST to the end of its answer." default:"10s"`
	AnswerBytes    settings.Bytes `name:"max-answer-bytes" group:"Dispatcher" unit:"bytes" help:"How much of an answer's body is read." default:"64KiB"`
	RecordBytes    settings.Bytes `name:"record-answer-bytes" group:"Dispatcher" unit:"bytes" help:"How much of an answer's body is kept in the record of the attempt." default:"1KiB"`

	EndpointConcurrency int           `name:"endpoint-concurrency" group:"Dispatcher" unit:"count" help:"POSTs to one endpoint at once, at the most. What is really allowed adapts to how the endpoint fares." default:"64"`
	MaxIdleConns        int           `name:"max-idle-conns" group:"Dispatcher" unit:"count" help:"Idle connections kept to all endpoints together." default:"1024"`
	MaxRetryAfter       time.Duration `name:"max-retry-after" group:"Dispatcher" unit:"duration" help:"Longest Retry-After of an endpoint that is honoured." default:"1h"`
	DisableAfter        int           `name:"disable-after" group:"Dispatcher" unit:"count" help:"Failed deliveries in a row that disable a subscription; 0 for never." default:"10"`
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
	case c.RequestTimeout < 10*time.Millisecond:
		return fmt.Errorf("request-timeout: must be at least 10ms, is %s", c.RequestTimeout)
	case c.AnswerBytes < c.RecordBytes:
		return fmt.Errorf("max-answer-bytes: must be at least record-answer-bytes (%s), is %s", c.RecordBytes, c.AnswerBytes)
	case c.RecordBytes < 0:
		return errors.New("record-answer-bytes: must not be negative")
	case c.EndpointConcurrency < 1:
		return fmt.Errorf("endpoint-concurrency: must be at least 1, is %d", c.EndpointConcurrency)
	case c.MaxIdleConns < 1:
		return fmt.Errorf("max-idle-conns: must be at least 1, is %d", c.MaxIdleConns)
	case c.MaxRetryAfter < 0:
		return fmt.Errorf("max-retry-after: must not be negative, is %s", c.MaxRetryAfter)
	case c.DisableAfter < 0:
		return fmt.Errorf("disable-after: must not be negative, is %d", c.DisableAfter)
	}
	return nil
}
