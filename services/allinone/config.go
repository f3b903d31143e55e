package allinone

import (
	"net/netip"
	"time"

	"github.com/posthaste/posthaste/services/control"
	"github.com/posthaste/posthaste/services/dispatcher"
	"github.com/posthaste/posthaste/services/ingest"
	"github.com/posthaste/posthaste/services/internal/auth"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/catalogue"
	"github.com/posthaste/posthaste/services/internal/dialect"
	"github.com/posthaste/posthaste/services/internal/event"
	"github.com/posthaste/posthaste/services/internal/history"
	"github.com/posthaste/posthaste/services/internal/httpserver"
	"github.com/posthaste/posthaste/services/internal/notify"
	"github.com/posthaste/posthaste/services/internal/policy"
	"github.com/posthaste/posthaste/services/internal/preflight"
	"github.com/posthaste/posthaste/services/internal/redisstore"
	"github.com/posthaste/posthaste/services/internal/sealed"
	"github.com/posthaste/posthaste/services/internal/ssrf"
	"github.com/posthaste/posthaste/services/internal/telemetry"
	"github.com/posthaste/posthaste/services/router"
)

// Config is that of the four services and of what they are given here.
type Config struct {
	Addr       string        `name:"addr" group:"Process" unit:"host:port" help:"Address of the HTTP API." default:"127.0.0.1:8080"`
	AdminAddr  string        `name:"admin-addr" group:"Process" unit:"host:port" help:"Address of /healthz, /readyz and /metrics. Where the default is taken: any free port." default:"127.0.0.1:9090"`
	Grace      time.Duration `name:"grace" group:"Process" unit:"duration" help:"How long what is in flight may take at a stop." default:"15s"`
	DataDir    string        `name:"data-dir" group:"Process" unit:"path" help:"Directory of the embedded servers' data, of the API key and of the encryption key." default:"./.posthaste"`
	NATSListen string        `name:"nats-listen" group:"Process" unit:"host:port" help:"Client address of the embedded NATS, for producers to publish to." default:"127.0.0.1:4222"`

	HTTP       httpserver.Config `embed:""`
	Auth       auth.Config       `embed:""`
	Secrets    sealed.Config     `embed:""`
	Bus        bus.Config        `embed:""`
	Redis      redisstore.Config `embed:""`
	Endpoints  ssrf.Config       `embed:""`
	Retries    policy.Config     `embed:""`
	Dialects   dialect.Config    `embed:""`
	Event      event.Config      `embed:""`
	Ingest     ingest.Config     `embed:""`
	Router     router.Config     `embed:""`
	Dispatcher dispatcher.Config `embed:""`
	Control    control.Config    `embed:""`
	History    history.Config    `embed:""`
	Types      catalogue.Config  `embed:""`
	Notify     notify.Config     `embed:""`
	Preflight  preflight.Config  `embed:""`
	Telemetry  telemetry.Config  `embed:""`
}

// Validate holds what the parts cannot know.
func (c *Config) Validate() error { return c.Control.API.Within(c.HTTP.WriteTimeout) }

// defaultAdminAddr is AdminAddr's default.
const defaultAdminAddr = "127.0.0.1:9090"

// openToLoopback lets endpoints on this machine receive, without TLS: what
// somebody who tries Posthaste has.
func (c *Config) openToLoopback() {
	c.Endpoints.AllowInsecure = true
	c.Endpoints.AllowNetworks = append(c.Endpoints.AllowNetworks,
		netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128"))
}
