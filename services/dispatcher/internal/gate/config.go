package gate

import (
	"fmt"
	"time"
)

// Config bounds what gates let through.
type Config struct {
	Concurrency  int           `name:"endpoint-concurrency" group:"Dispatcher" unit:"count" help:"POSTs to one endpoint at once, at the most. What is really allowed adapts to how the endpoint fares." default:"64"`
	CircuitAfter int           `name:"circuit-after" group:"Dispatcher" unit:"count" help:"Failures in a row (timeout, connection error, 429, 5xx) after which an endpoint gets one probe at a time and nothing else; 0 for never." default:"50"`
	CircuitProbe time.Duration `name:"circuit-probe" group:"Dispatcher" unit:"duration" help:"Longest time between two probes. The first comes after a second, and each that fails doubles the wait." default:"30s"`
}

// Validate names the first setting that cannot work.
func (c *Config) Validate() error {
	switch {
	case c.Concurrency < 1:
		return fmt.Errorf("endpoint-concurrency: must be at least 1, is %d", c.Concurrency)
	case c.CircuitAfter < 0:
		return fmt.Errorf("circuit-after: must be at least 0, is %d", c.CircuitAfter)
	case c.CircuitProbe < firstProbe:
		return fmt.Errorf("circuit-probe: must be at least %s, is %s", firstProbe, c.CircuitProbe)
	}
	return nil
}

const (
	// firstLimit is how many POSTs an endpoint gets at once that nothing is
	// known of.
	firstLimit = 4
	// firstLatency stands for that of an endpoint not yet heard of.
	firstLatency = 20 * time.Millisecond
	// patience is how far away a turn may be for a delivery to wait for it in
	// the gate. It costs its memory; the delay line costs three messages.
	patience = 100 * time.Millisecond
	// quickPatience is how much longer one waits that a quick endpoint has.
	quickPatience = 2 * time.Second
	// mostParked bounds what waits in one gate.
	mostParked = 512
	// A delivery that is sent away for the first time comes back between these.
	// Each further time doubles both, up to furthest.
	leastAway = 100 * time.Millisecond
	mostAway  = 30 * time.Second
	furthest  = time.Hour
	// firstProbe is how long after it opened a circuit lets the first probe
	// through.
	firstProbe = time.Second
	// slowLatency is from where on an endpoint counts as slow.
	slowLatency = time.Second
	// rampSteps is how many times the limit of a recovered endpoint may double,
	// once a second, before only the concurrency bounds it.
	rampSteps = 8
)
