package events

import (
	"fmt"
	"time"
)

// Config bounds the streams of events.
type Config struct {
	MaxStreams      int           `name:"max-event-streams" group:"Event streams" unit:"count" help:"Streams of events that one process serves at once." default:"1000"`
	TenantStreams   int           `name:"max-event-streams-per-tenant" group:"Event streams" unit:"count" help:"And those of one tenant among them." default:"100"`
	StreamHeartbeat time.Duration `name:"event-stream-heartbeat" group:"Event streams" unit:"duration" help:"How often a silent stream says that it is alive, where the client does not choose (1s to 5m)." default:"15s"`
}

const (
	minHeartbeat = time.Second
	maxHeartbeat = 5 * time.Minute
)

// Validate names the first setting that cannot work.
func (c *Config) Validate() error {
	switch {
	case c.MaxStreams < 1:
		return fmt.Errorf("max-event-streams: must be at least 1, is %d", c.MaxStreams)
	case c.TenantStreams < 1:
		return fmt.Errorf("max-event-streams-per-tenant: must be at least 1, is %d", c.TenantStreams)
	case c.StreamHeartbeat < minHeartbeat || c.StreamHeartbeat > maxHeartbeat:
		return fmt.Errorf("event-stream-heartbeat: must be %s to %s, is %s", minHeartbeat, maxHeartbeat, c.StreamHeartbeat)
	}
	return nil
}
