// Command bench measures the whole pipeline on this machine, by scenarios, and
// says whether their goals are reached: events go in, signed POSTs reach
// receivers on loopback. docs/benchmarks.md says what each scenario does.
//
//	go run ./services/cmd/bench -scenario flood,latency
//
// NATS and Redis run as processes of their own, as in a real installation;
// with -servers embedded they run inside Posthaste, as in `posthaste dev`.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"github.com/posthaste/posthaste/services/cmd/bench/internal/bare"
	"github.com/posthaste/posthaste/services/cmd/bench/internal/report"
	"github.com/posthaste/posthaste/services/cmd/bench/internal/scenario"
	"github.com/posthaste/posthaste/services/cmd/bench/internal/stack"
)

func main() {
	handled, err := runAs(os.Args[1:])
	if !handled {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		err = bench(ctx, os.Args[1:], os.Stdout, os.Stderr)
		stop()
	}
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// runAs is this binary as one of the processes that the bench starts itself
// as: the NATS of a stack, and the bare loop.
func runAs(args []string) (handled bool, err error) {
	if len(args) == 0 {
		return false, nil
	}
	switch args[0] {
	case stack.ServeNATS:
		return true, stack.RunNATS(args[1:])
	case bare.Loop:
		return true, bare.Run(args[1:])
	default:
		return false, nil
	}
}

// bench does what the arguments ask for.
func bench(ctx context.Context, args []string, out, progress io.Writer) error {
	o, err := parse(args, progress)
	if err != nil {
		return err
	}
	if o.list {
		return list(out)
	}
	binary, remove, err := stack.Build(ctx, o.Binary)
	if err != nil {
		return err
	}
	defer remove()
	o.Binary, o.Progress = binary, progress
	fmt.Fprintf(out, "%d CPUs, %s %s/%s, NATS and Redis: %s\n", runtime.NumCPU(), runtime.Version(), runtime.GOOS, runtime.GOARCH, o.servers)
	missed := 0
	for _, s := range o.scenarios {
		short, err := repeat(ctx, s, o, out)
		missed += short
		if err != nil {
			return err
		}
	}
	return verdict(missed, o.strict)
}

// verdict is an error where goals were missed and that is to fail.
func verdict(missed int, strict bool) error {
	if strict && missed > 0 {
		return fmt.Errorf("%d goals were not reached", missed)
	}
	return nil
}

// repeat runs one scenario as often as was asked for, and tells how far the
// runs lie apart. It returns how many goals were missed.
func repeat(ctx context.Context, s scenario.Scenario, o options, out io.Writer) (missed int, err error) {
	var sheets []*report.Sheet
	for run := range o.repeat {
		fmt.Fprintf(out, "\n%s: %s", s.Name, s.About)
		if o.repeat > 1 {
			fmt.Fprintf(out, " (run %d of %d)", run+1, o.repeat)
		}
		fmt.Fprint(out, "\n\n")
		begin := time.Now()
		sheet, err := s.Run(ctx, o.Options)
		if err := errors.Join(err, sheet.Write(out)); err != nil {
			return missed, err
		}
		fmt.Fprintf(out, "  took %s\n", time.Since(begin).Round(time.Second))
		missed += sheet.Short()
		sheets = append(sheets, sheet)
	}
	if len(sheets) < 2 {
		return missed, nil
	}
	fmt.Fprintf(out, "\n%s: %d runs\n\n", s.Name, len(sheets))
	return missed, report.SpreadSheet(sheets).Write(out)
}

func list(out io.Writer) error {
	sheet := &report.Sheet{}
	table := sheet.Table("", "scenario", "takes", "by default", "what it measures")
	for _, s := range scenario.All {
		byDefault := report.Text("no")
		if s.Quick {
			byDefault = "yes"
		}
		table.Row(s.Name, report.Text(s.Takes), byDefault, report.Text(s.About))
	}
	return sheet.Write(out)
}
