package bus

import (
	"errors"
	"fmt"
	"time"

	"github.com/posthaste/posthaste/services/internal/settings"
)

// Config says how to reach NATS and how the streams are kept. Every service
// of one installation is given the same.
type Config struct {
	NATSURL   settings.SecretURL `name:"nats-url" group:"NATS" help:"NATS servers, comma separated. Empty: the embedded server in dev, else nats://127.0.0.1:4222."`
	NATSCreds string             `name:"nats-creds" group:"NATS" unit:"path" help:"NATS credentials file (JWT and seed)."`
	NATSNKey  string             `name:"nats-nkey" group:"NATS" unit:"path" help:"File with the seed of an NKey (SU…), which the server knows by its public key."`
	NATSUser  string             `name:"nats-user" group:"NATS" help:"User name, in the place of one in nats-url."`
	NATSPass  settings.Secret    `name:"nats-password" group:"NATS" secret:"" help:"Password of nats-user."`
	NATSCA    string             `name:"nats-ca" group:"NATS" unit:"path" help:"CA file for TLS to NATS; empty for the system's. With it nothing is sent without TLS."`
	NATSCert  string             `name:"nats-cert" group:"NATS" unit:"path" help:"File with the certificate that NATS is shown, in PEM. Needs nats-key."`
	NATSKey   string             `name:"nats-key" group:"NATS" unit:"path" help:"File with its private key, in PEM. Like all files here it is read anew for each connection."`
	NATSWait  time.Duration      `name:"nats-wait" group:"NATS" unit:"duration" help:"How long the start waits for NATS before it fails." default:"30s"`

	Provision          bool           `name:"provision" group:"Streams" help:"Make the streams and buckets, and change them to what these settings say. false for a service whose NATS user may not: it waits until another has made them." default:"true"`
	Replicas           int            `name:"replicas" group:"Streams" unit:"count" help:"Copies of every stream and bucket: 1, 3 or 5." default:"1"`
	EventsMaxAge       time.Duration  `name:"events-max-age" group:"Streams" unit:"duration" help:"How long events are kept." default:"72h"`
	EventsMaxBytes     settings.Bytes `name:"events-max-bytes" group:"Streams" unit:"bytes" help:"Size of EVENTS at which ingest answers 503; 0 for no limit." default:"0"`
	DeliveriesMaxBytes settings.Bytes `name:"deliveries-max-bytes" group:"Streams" unit:"bytes" help:"Size of DELIVERIES at which routers wait, and events with them; 0 for no limit." default:"0"`
	DelaysMaxBytes     settings.Bytes `name:"delays-max-bytes" group:"Streams" unit:"bytes" help:"Size of DELAYS at which dispatchers keep what should wait in hand, and take no more; 0 for no limit. Not beside deliveries-max-bytes: where both are full neither can empty." default:"0"`
	AttemptsMaxBytes   settings.Bytes `name:"attempts-max-bytes" group:"Streams" unit:"bytes" help:"Size of ATTEMPTS at which the oldest records go, also where the history has not had them; 0 for no limit." default:"0"`
	AttemptsMaxAge     time.Duration  `name:"attempts-max-age" group:"Streams" unit:"duration" help:"How long the records of attempts are kept." default:"168h"`
	RejectedMaxAge     time.Duration  `name:"rejected-max-age" group:"Streams" unit:"duration" help:"How long unreadable events are kept." default:"168h"`
	DedupWindow        time.Duration  `name:"dedup-window" group:"Streams" unit:"duration" help:"How long JetStream remembers message ids. A million ids cost it 250 MB." default:"1m"`
	ReplaysMaxAge      time.Duration  `name:"replays-max-age" group:"Streams" unit:"duration" help:"How long a replay is kept after its last change." default:"720h"`
	IdempotencyTTL     time.Duration  `name:"idempotency-ttl" group:"Streams" unit:"duration" help:"How long the answer to a request with an Idempotency-Key is kept." default:"24h"`
	AckWait            time.Duration  `name:"ack-wait" group:"Streams" unit:"duration" help:"How long a message stays with a service that fell silent before another gets it." default:"30s"`

	LaneMaxAckPending   int `name:"lane-max-ack-pending" group:"Streams" unit:"count" help:"Deliveries of a lane in the hands of all dispatchers together." default:"8192"`
	RouterMaxAckPending int `name:"router-max-ack-pending" group:"Streams" unit:"count" help:"Events in the hands of all routers together." default:"2048"`
}

// Validate names the first setting that cannot work.
func (c *Config) Validate() error {
	if err := c.checkURL(); err != nil {
		return err
	}
	if err := c.checkUser(); err != nil {
		return err
	}
	switch {
	case c.Replicas != 1 && c.Replicas != 3 && c.Replicas != 5:
		return fmt.Errorf("replicas: must be 1, 3 or 5, is %d", c.Replicas)
	case c.EventsMaxAge < time.Minute:
		return fmt.Errorf("events-max-age: must be at least 1m, is %s", c.EventsMaxAge)
	case c.AttemptsMaxAge < time.Minute:
		return fmt.Errorf("attempts-max-age: must be at least 1m, is %s", c.AttemptsMaxAge)
	case c.RejectedMaxAge < time.Minute:
		return fmt.Errorf("rejected-max-age: must be at least 1m, is %s", c.RejectedMaxAge)
	case c.ReplaysMaxAge < time.Hour:
		return fmt.Errorf("replays-max-age: must be at least 1h, is %s", c.ReplaysMaxAge)
	case c.IdempotencyTTL < time.Minute:
		return fmt.Errorf("idempotency-ttl: must be at least 1m, is %s", c.IdempotencyTTL)
	case c.EventsMaxBytes < 0:
		return errors.New("events-max-bytes: must not be negative")
	case c.DeliveriesMaxBytes < 0:
		return errors.New("deliveries-max-bytes: must not be negative")
	case c.DelaysMaxBytes < 0:
		return errors.New("delays-max-bytes: must not be negative")
	case c.AttemptsMaxBytes < 0:
		return errors.New("attempts-max-bytes: must not be negative")
	case c.AckWait < time.Second:
		return fmt.Errorf("ack-wait: must be at least 1s, is %s", c.AckWait)
	case c.DedupWindow <= c.AckWait:
		return fmt.Errorf("dedup-window: must be longer than ack-wait (%s), is %s: a message handed out again would not be recognised", c.AckWait, c.DedupWindow)
	case c.LaneMaxAckPending < 64:
		return fmt.Errorf("lane-max-ack-pending: must be at least 64, is %d", c.LaneMaxAckPending)
	case c.RouterMaxAckPending < 16:
		return fmt.Errorf("router-max-ack-pending: must be at least 16, is %d", c.RouterMaxAckPending)
	}
	return nil
}
