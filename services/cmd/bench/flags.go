package main

import (
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/posthaste/posthaste/services/cmd/bench/internal/scenario"
)

// options is what the flags say.
type options struct {
	scenario.Options
	scenarios []scenario.Scenario
	servers   string
	list      bool
	strict    bool
	repeat    int
}

// parse reads the flags. Errors name the flag; flag.ErrHelp is a wish for help,
// which has been written to out.
func parse(args []string, out io.Writer) (o options, err error) {
	var fanouts, batches, names string
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.StringVar(&names, "scenario", "", "scenarios to run, comma separated, or all; empty for the quick ones")
	flags.BoolVar(&o.list, "list", false, "list the scenarios and run none")
	flags.BoolVar(&o.strict, "strict", false, "exit with 1 where a goal is not reached")
	flags.IntVar(&o.repeat, "repeat", 1, "how often each scenario runs; from 2 on the spread of its figures is printed")
	flags.Float64Var(&o.Seconds, "seconds", 0, "how long each measurement lasts; 0 for the scenario's own time")
	flags.StringVar(&o.servers, "servers", "processes", "processes, or embedded: where NATS and Redis run")
	flags.StringVar(&o.Binary, "posthaste", "", "posthaste binary; empty builds it")
	flags.StringVar(&o.Profile, "profile", "", "write a CPU profile of Posthaste to this file: under the last load of the scenarios flood and burst")
	flags.IntVar(&o.Payload, "payload", 1024, "bytes of an event's data")
	flags.IntVar(&o.Clients, "clients", 32, "producers at once, in floods")
	flags.IntVar(&o.Rate, "rate", 200, "events a second, where latency is measured")
	flags.DurationVar(&o.Alike, "alike", time.Millisecond, "isolation: two times that are no further apart count as equal")
	flags.StringVar(&fanouts, "fanout", "1,10,100", "flood: subscriptions an event, comma separated")
	flags.StringVar(&batches, "batch", "1,100", "flood: events a request, comma separated")
	flags.IntVar(&o.Backlog, "backlog", 100_000, "backlog: deliveries for the dead endpoint")
	flags.StringVar(&o.Dead, "dead", scenario.DeadError, "backlog: how it fails: 500, refuse (the connection), or 503 (to come back all at once)")
	flags.IntVar(&o.Capacity, "capacity", 2000, "backlog: POSTs a second that it takes when it is back")
	flags.DurationVar(&o.Drain, "drain", 3*time.Minute, "backlog, waiting: how long what waited may take to arrive")
	flags.IntVar(&o.Burst, "burst", 100_000, "burst: events at once")
	flags.IntVar(&o.Waiting, "waiting", 300_000, "waiting: deliveries in the delay line")
	flags.BoolVar(&o.Lane, "lane", false, "waiting: also measure when the deliveries come to the lane due")
	flags.IntVar(&o.Subscriptions, "subscriptions", 100_000, "index: subscriptions")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("%q is no flag; scenarios are named by -scenario", flags.Arg(0))
	}
	if o.Fanouts, err = numbers(fanouts); err != nil {
		return o, fmt.Errorf("-fanout: %w", err)
	}
	if o.Batches, err = numbers(batches); err != nil {
		return o, fmt.Errorf("-batch: %w", err)
	}
	if o.scenarios, err = scenario.Pick(names); err != nil {
		return o, err
	}
	err = o.check()
	return o, err
}

func (o *options) check() error {
	switch o.servers {
	case "processes":
	case "embedded":
		o.Embedded = true
	default:
		return fmt.Errorf("-servers: must be processes or embedded, is %q", o.servers)
	}
	if o.repeat < 1 || o.repeat > 100 {
		return fmt.Errorf("-repeat: must be from 1 to 100, is %d", o.repeat)
	}
	return o.Validate()
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
