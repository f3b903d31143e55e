// Command example publishes one event to Posthaste over NATS and says what it
// published.
//
//	example -nats nats://127.0.0.1:4222 -tenant acme -type task.claimed -data '{"task":7}'
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/nats-io/nats.go"

	"github.com/posthaste/posthaste/pkg/eventid"
	"github.com/posthaste/posthaste/pkg/producer"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "example:", err)
		os.Exit(1)
	}
}

// run is the program without its process: it reads flags from args, prints the
// result to out and help to help.
func run(ctx context.Context, args []string, out, help io.Writer) error {
	flags := flag.NewFlagSet("example", flag.ContinueOnError)
	flags.SetOutput(help)
	url := flags.String("nats", nats.DefaultURL, "`URL` of the NATS server")
	tenant := flags.String("tenant", producer.DefaultTenant, "who owns the event")
	typ := flags.String("type", "task.claimed", "type of the event")
	data := flags.String("data", `{"message":"hello"}`, "data of the event, one JSON value")
	if err := flags.Parse(args); err != nil {
		return err
	}
	nc, err := nats.Connect(*url)
	if err != nil {
		return fmt.Errorf("connect to %s: %w", *url, err)
	}
	defer nc.Close()
	return publish(ctx, nc, producer.Event{Tenant: *tenant, Type: *typ, Data: []byte(*data)}, out)
}

func publish(ctx context.Context, nc *nats.Conn, event producer.Event, out io.Writer) error {
	p, err := producer.New(nc)
	if err != nil {
		return err
	}
	ack, err := p.Publish(ctx, event)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "published %s to %s as number %d of the stream\n", ack.ID, eventid.Subject(event.Tenant, event.Type), ack.Sequence)
	return err
}
