package preflight

import (
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/posthaste/posthaste/services/internal/settings"
)

// What may be promised about acked data.
const (
	Standard = "standard" // survives the death of a process
	Strict   = "strict"   // survives the loss of a machine's power, or of the machine
)

// Config says what is promised, and where to look whether it holds.
type Config struct {
	Durability string             `name:"durability" group:"Preflight" help:"What acked data survives. standard: the death of any process. strict: also the loss of a machine's power; a service starts only where streams have three copies or NATS syncs each write, and where Redis evicts nothing." enum:"standard,strict" default:"standard"`
	Monitor    settings.SecretURL `name:"nats-monitor-url" group:"Preflight" help:"Monitoring addresses of all NATS servers, comma separated, such as http://127.0.0.1:8222. NATS tells only there how often it syncs. Empty: that stays unknown."`
}

// Validate names the first setting that cannot work.
func (c *Config) Validate() error {
	for _, server := range c.monitors() {
		u, err := url.Parse(server)
		if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" {
			return errors.New("nats-monitor-url: must look like http://host:8222, several of them with commas between")
		}
	}
	return nil
}

func (c *Config) monitors() []string {
	var all []string
	for server := range strings.SplitSeq(c.Monitor.Reveal(), ",") {
		if server = strings.TrimSpace(server); server != "" {
			all = append(all, strings.TrimSuffix(server, "/"))
		}
	}
	return all
}

// How far clocks may be apart: waits and ages are worked out of two of them.
const (
	skewWarns   = time.Second
	skewRefuses = 30 * time.Second
)
