package settings_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/posthaste/posthaste/services/internal/settings"
)

// Process is what every service can set.
type Process struct {
	NATSURL settings.SecretURL `name:"nats-url" help:"Broker that carries the events" default:"nats://localhost:4222" group:"Process"`
}

// Config is a service's own settings and those it shares.
type Config struct {
	Process
	MaxEventBytes settings.Bytes  `help:"Largest event that is accepted" default:"256KiB" group:"Limits" unit:"bytes"`
	Timeout       time.Duration   `help:"Longest wait for a client" default:"15s" group:"Limits"`
	APIKey        settings.Secret `name:"api-key" help:"Key that clients show" required:"" group:"Limits"`
}

// Validate holds the rules that a type alone cannot.
func (c Config) Validate() error {
	if c.MaxEventBytes > settings.MiB {
		return settings.Wrong("max-event-bytes", "at most 1MiB, the largest message of the broker")
	}
	return nil
}

func ExampleRun() {
	commands := []settings.Command{
		settings.For("ingest", "accept events over HTTP", func(_ context.Context, c Config) error {
			fmt.Println(c.MaxEventBytes, c.Timeout, c.NATSURL, c.APIKey)
			return nil
		}),
	}
	environ := []string{
		"POSTHASTE_API_KEY=k-123", "POSTHASTE_MAX_EVENT_BYTES=512KiB", "POSTHASTE_NATS_URL=nats://u:pw@broker:4222",
	}
	run := func(args ...string) {
		// A main passes os.Args[1:], os.Environ() and os.Stderr.
		code := settings.Run(context.Background(), "posthaste", commands, args, environ, os.Stdout, os.Stdout)
		fmt.Println("exit", code)
	}
	run("ingest", "--timeout=20s")
	run("ingest", "--max-event-bytes=2MiB")
	run("ingest", "--time-out=20s")
	// Output:
	// 512KiB 20s nats://u:[secret]@broker:4222 [secret]
	// exit 0
	// posthaste: flag --max-event-bytes: "2MiB" is wrong, expected at most 1MiB, the largest message of the broker
	// exit 2
	// posthaste: flag --time-out: there is no such setting, did you mean --timeout?
	// exit 2
}
