package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/posthaste/posthaste/services/cmd/chaos/internal/drill"
	"github.com/posthaste/posthaste/services/cmd/chaos/internal/fault"
	"github.com/posthaste/posthaste/services/cmd/chaos/internal/stack"
)

// options is what the flags say.
type options struct {
	seed       uint64
	schedules  int
	lasts      time.Duration
	rate       int
	settle     time.Duration
	topologies []topology
	only       []string
	drills     []drill.Drill
	sabotage   string
	report     string
	keep       string
	binaries   stack.Binaries
}

// topology is how NATS runs.
type topology struct {
	name  string
	nodes int
}

var topologies = []topology{{"single", 1}, {"cluster", 3}}

// sabotages are the guarantees that a build with the tag breaks, and what the
// checker must find then.
var sabotages = map[string]string{
	"ack-before-post": "lost",
	"no-dedup-key":    "arrived twice",
	"early-retry":     "attempts before their time",
}

// parse reads the flags. Errors name the flag; flag.ErrHelp is a wish for help,
// which has been written to out.
func parse(args []string, out io.Writer) (o options, err error) {
	var only, drills, where string
	var seconds float64
	flags := flag.NewFlagSet("chaos", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.Uint64Var(&o.seed, "seed", 0, "seed of the first schedule, the next one has the next; 0 takes one from the clock and prints it")
	flags.IntVar(&o.schedules, "schedules", 3, "schedules on each topology, 0 for none")
	flags.Float64Var(&seconds, "seconds", 20, "how long the load of a schedule lasts")
	flags.IntVar(&o.rate, "rate", 120, "events a second; each has 11/3 deliveries on average")
	flags.DurationVar(&o.settle, "settle", 2*time.Minute, "longest that everything may take to settle after the faults")
	flags.StringVar(&where, "topology", "both", "how NATS runs: single, cluster (three nodes, three copies) or both")
	flags.StringVar(&only, "only", "", "draw these faults alone, comma separated: "+strings.Join(fault.Names(), ", "))
	flags.StringVar(&drills, "drills", "", "drills after the schedules, comma separated, or all: "+strings.Join(drillNames(), ", "))
	flags.StringVar(&o.sabotage, "break", "", "build Posthaste with a guarantee broken, and succeed where the checker finds that: ack-before-post, no-dedup-key or early-retry")
	flags.StringVar(&o.report, "report", "", "write the tables to this file, in Markdown")
	flags.StringVar(&o.keep, "keep", "", "keep the processes' logs of runs in which something was found in this directory")
	flags.StringVar(&o.binaries.Posthaste, "posthaste", "", "posthaste binary; empty builds it")
	flags.StringVar(&o.binaries.NATS, "nats-server", "", "nats-server binary; empty builds it from the module that Posthaste uses")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("%q is no flag", flags.Arg(0))
	}
	o.lasts = time.Duration(seconds * float64(time.Second))
	if o.only, err = names("-only", only, fault.Names()); err != nil {
		return o, err
	}
	if err := o.choose(where, drills); err != nil {
		return o, err
	}
	err = o.check()
	return o, err
}

// choose finds topologies and drills by their names.
func (o *options) choose(where, drills string) error {
	for _, t := range topologies {
		if where == t.name || where == "both" {
			o.topologies = append(o.topologies, t)
		}
	}
	if o.topologies == nil {
		return fmt.Errorf("-topology: must be single, cluster or both, is %q", where)
	}
	if drills == "all" {
		o.drills = drill.All
		return nil
	}
	chosen, err := names("-drills", drills, drillNames())
	for _, d := range drill.All {
		if slices.Contains(chosen, d.Name) {
			o.drills = append(o.drills, d)
		}
	}
	return err
}

func (o *options) check() error {
	switch {
	case o.schedules < 0 || o.schedules > 1000:
		return fmt.Errorf("-schedules: must be from 0 to 1000, is %d", o.schedules)
	case o.lasts < 5*time.Second || o.lasts > 10*time.Minute:
		return fmt.Errorf("-seconds: must be from 5 to 600, is %g", o.lasts.Seconds())
	case o.rate < 10 || o.rate > 10_000:
		return fmt.Errorf("-rate: must be from 10 to 10000, is %d", o.rate)
	case o.settle < 5*time.Second:
		return fmt.Errorf("-settle: must be at least 5s, is %s", o.settle)
	case o.sabotage != "" && sabotages[o.sabotage] == "":
		return fmt.Errorf("-break: must be ack-before-post, no-dedup-key or early-retry, is %q", o.sabotage)
	case o.sabotage != "" && o.binaries.Posthaste != "":
		return errors.New("-break: needs a build of its own, so leave -posthaste out")
	}
	return nil
}

// names reads a list of which each must be known.
func names(name, list string, known []string) (all []string, err error) {
	for each := range strings.SplitSeq(list, ",") {
		if each = strings.TrimSpace(each); each == "" {
			continue
		}
		if !slices.Contains(known, each) {
			return nil, fmt.Errorf("%s: there is no %q; it may be %s", name, each, strings.Join(known, ", "))
		}
		all = append(all, each)
	}
	return all, nil
}

func drillNames() []string {
	all := make([]string, len(drill.All))
	for i, d := range drill.All {
		all[i] = d.Name
	}
	return all
}
