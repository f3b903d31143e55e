// Command github-events sends GitHub's example payloads of all webhook event
// types through Posthaste and checks that each arrives byte for byte.
//
//	posthaste dev                                # in another terminal
//	POSTHASTE_API_KEY=ph_… github-events -api http://127.0.0.1:8080
//
// It fetches the npm package @octokit/webhooks-examples with npm, subscribes an
// endpoint of its own, publishes every payload, verifies every delivery with
// the official Standard Webhooks library, prints a table, and exits with 1
// where a payload was lost or changed. Posthaste must allow endpoints on this
// machine, as dev does.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"github.com/posthaste/posthaste/pkg/webhook"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Getenv("POSTHASTE_API_KEY"), os.Stdout, os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "github-events:", err)
		os.Exit(1)
	}
}

// options are what the flags say.
type options struct {
	api, control, key, archive string
	wait                       time.Duration
}

func readOptions(args []string, key string, help io.Writer) (options, error) {
	o := options{key: key}
	flags := flag.NewFlagSet("github-events", flag.ContinueOnError)
	flags.SetOutput(help)
	flags.StringVar(&o.api, "api", "http://127.0.0.1:8080", "`URL` of the API that takes events")
	flags.StringVar(&o.control, "control", "", "`URL` of the API of subscriptions, where it is another")
	flags.StringVar(&o.archive, "archive", "", "`file` that npm pack made; empty to fetch it")
	flags.DurationVar(&o.wait, "wait", time.Minute, "how long the deliveries may take")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if o.control == "" {
		o.control = o.api
	}
	if o.key == "" {
		return o, errors.New("set POSTHASTE_API_KEY to the key that posthaste dev prints")
	}
	return o, nil
}

// run is the program without its process.
func run(ctx context.Context, args []string, key string, out, help io.Writer) error {
	o, err := readOptions(args, key, help)
	if err != nil {
		return err
	}
	payloads, err := load(ctx, o.archive)
	if err != nil {
		return err
	}
	began := time.Now()
	arrivals, err := send(ctx, o, payloads)
	if err != nil {
		return err
	}
	took := time.Since(began)
	return report(out, payloads, arrivals, took)
}

// send takes the payloads through Posthaste and returns what arrived when all
// have, or the wait is over.
func send(ctx context.Context, o options, payloads []payload) (map[string]arrival, error) {
	secret := webhook.NewSecret().Reveal()
	receiver, err := listen(ctx, secret)
	if err != nil {
		return nil, err
	}
	defer receiver.close()
	client := newClient(o)
	defer client.close()
	id, err := client.subscribe(ctx, receiver.url(), secret)
	if err != nil {
		return nil, err
	}
	// Also after an interrupt: what is left behind fails for ever.
	defer client.unsubscribe(context.WithoutCancel(ctx), id)
	if err := client.publish(ctx, payloads); err != nil {
		return nil, err
	}
	return receiver.await(ctx, len(payloads), o.wait), nil
}
