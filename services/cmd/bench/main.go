// Command bench measures the whole pipeline on this machine: events of 1 KiB
// go in through HTTP, signed POSTs reach a receiver on loopback, and beside
// them stands a bare loop, which makes the same signed POSTs with no pipeline.
//
//	go run ./services/cmd/bench -fanout 1,10,100 -batch 1,100
//
// NATS and Redis run as processes of their own, as in a real installation;
// with -servers embedded they run inside Posthaste, as in `posthaste dev`.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"time"
)

// options is what is measured.
type options struct {
	fanouts   []int
	batches   []int
	payload   int
	seconds   float64
	clients   int
	rate      int
	servers   string
	posthaste string
	profile   string
}

func main() {
	// The bench starts itself again as the NATS of its stack and as the bare loop.
	if len(os.Args) == 4 && os.Args[1] == serveNATS {
		os.Exit(runNATS(os.Args[2], os.Args[3]))
	}
	if len(os.Args) > 1 && os.Args[1] == bareLoop {
		fail(runBare(os.Args[2:]))
		return
	}
	opts, err := parse(os.Args[1:])
	if err == nil {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		err = run(ctx, opts)
		stop()
	}
	fail(err)
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func parse(args []string) (options, error) {
	var o options
	var fanouts, batches string
	flags := flag.NewFlagSet("bench", flag.ExitOnError)
	flags.StringVar(&fanouts, "fanout", "1,10,100", "subscriptions an event, comma separated")
	flags.StringVar(&batches, "batch", "1,100", "events a request, comma separated")
	flags.IntVar(&o.payload, "payload", 1024, "bytes of an event's data")
	flags.Float64Var(&o.seconds, "seconds", 8, "roughly how long each measurement lasts")
	flags.IntVar(&o.clients, "clients", 32, "producers at once")
	flags.IntVar(&o.rate, "rate", 200, "events a second when latency is measured")
	flags.StringVar(&o.servers, "servers", "processes", "processes, or embedded: where NATS and Redis run")
	flags.StringVar(&o.posthaste, "posthaste", "", "posthaste binary; empty builds it")
	flags.StringVar(&o.profile, "profile", "", "write a CPU profile of Posthaste under the last flood to this file")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	var err error
	if o.fanouts, err = numbers(fanouts); err != nil {
		return o, fmt.Errorf("-fanout: %w", err)
	}
	if o.batches, err = numbers(batches); err != nil {
		return o, fmt.Errorf("-batch: %w", err)
	}
	return o, nil
}

func numbers(list string) ([]int, error) {
	var out []int
	for text := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%q is not a number above 0", text)
		}
		out = append(out, n)
	}
	return out, nil
}

func run(ctx context.Context, o options) error {
	binary, remove, err := buildPosthaste(ctx, o.posthaste)
	if err != nil {
		return err
	}
	defer remove()

	receiver, err := newReceiver(ctx)
	if err != nil {
		return err
	}
	defer receiver.close()
	before, err := measureBare(ctx, o, receiver)
	if err != nil {
		return err
	}
	out := newReport(os.Stdout)
	for _, fanout := range o.fanouts {
		for _, batch := range o.batches {
			r, err := measureThroughput(ctx, o, binary, receiver, fanout, batch)
			if err != nil {
				return fmt.Errorf("fan-out %d, batch %d: %w", fanout, batch, err)
			}
			// A machine's speed changes with what its neighbours do, so the
			// bare loop stands right before and right after.
			after, err := measureBare(ctx, o, receiver)
			if err != nil {
				return err
			}
			out.throughput(fanout, batch, r, before.with(after))
			before = after
		}
	}
	r, err := measureLatency(ctx, o, binary, receiver)
	if err != nil {
		return fmt.Errorf("latency at %d events/s: %w", o.rate, err)
	}
	out.latency(o.rate, r)
	return nil
}

// settle is how long a stack is left alone between warming up and measuring.
const settle = 300 * time.Millisecond
