// Command chaos is the fault suite: it runs Posthaste as processes on a real
// NATS and Redis under load, lets faults happen by a schedule that it draws from
// a seed, and holds what receivers have got against what was accepted.
// docs/reliability.md says what is promised under each fault.
//
//	go run ./services/cmd/chaos -schedules 2 -topology single
//
// It exits with 1 where a promise was broken.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/posthaste/posthaste/services/cmd/chaos/internal/drill"
	"github.com/posthaste/posthaste/services/cmd/chaos/internal/fault"
	"github.com/posthaste/posthaste/services/cmd/chaos/internal/report"
	"github.com/posthaste/posthaste/services/cmd/chaos/internal/run"
	"github.com/posthaste/posthaste/services/cmd/chaos/internal/stack"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := chaos(ctx, os.Args[1:], os.Stdout)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(1)
	}
}

// chaos does what the arguments ask for. The error says that a promise was
// broken, or that something could not be run.
func chaos(ctx context.Context, args []string, out io.Writer) error {
	o, err := parse(args, out)
	if err != nil {
		return err
	}
	if o.seed == 0 {
		o.seed = uint64(time.Now().Unix())
	}
	tags := ""
	if o.sabotage != "" {
		tags = "sabotage"
	}
	binaries, remove, err := stack.Build(ctx, o.binaries, tags)
	if err != nil {
		return err
	}
	defer remove()
	s := suite{options: o, out: out, binaries: binaries}
	if err := stack.CanFillDisks(); err != nil {
		fmt.Fprintf(out, "disk-full:nats is left out: this machine does not let a small file system be mounted (%v)\n", err)
	} else {
		s.disks = true
	}
	fmt.Fprintf(out, "seed %d\n", o.seed)
	if err := s.runAll(ctx); err != nil {
		return err
	}
	return s.verdict()
}

// suite is all runs.
type suite struct {
	options
	out      io.Writer
	binaries stack.Binaries
	disks    bool
	results  []*run.Result
}

func (s *suite) runAll(ctx context.Context) error {
	for _, t := range s.topologies {
		for i := range s.schedules {
			seed := s.seed + uint64(i)
			if err := s.schedule(ctx, t, seed); err != nil {
				return fmt.Errorf("%s, seed %d: %w", t.name, seed, err)
			}
		}
		for _, d := range s.drills {
			if err := s.drill(ctx, t, d); err != nil {
				return fmt.Errorf("%s, drill %s: %w", t.name, d.Name, err)
			}
		}
	}
	return nil
}

func (s *suite) config(t topology, name string) run.Config {
	cfg := run.Config{
		Name: t.name + " " + name, Lasts: s.lasts, Rate: s.rate, Settle: s.settle, Out: s.out,
		Stack: stack.Config{Binaries: s.binaries, Nodes: t.nodes, Routers: 2, Dispatchers: 2},
	}
	if s.keep != "" {
		cfg.Keep = filepath.Join(s.keep, strings.ReplaceAll(cfg.Name, " ", "-"))
	}
	if s.sabotage != "" {
		cfg.Stack.Env = append(cfg.Stack.Env, "SABOTAGE="+s.sabotage)
	}
	return cfg
}

func (s *suite) schedule(ctx context.Context, t topology, seed uint64) error {
	cfg := s.config(t, strconv.FormatUint(seed, 10))
	cfg.Faults = fault.Draw(seed, fault.Options{Lasts: s.lasts, Cluster: t.nodes > 1, Disk: s.disks, Only: s.only})
	if len(cfg.Faults) == 0 {
		return errors.New("no fault of -only can be injected here")
	}
	cfg.Stack.Disk = slices.ContainsFunc(cfg.Faults, func(f fault.Fault) bool { return f.Kind == fault.DiskFull })
	fmt.Fprintf(s.out, "\n%s: %d faults in %s\n", cfg.Name, len(cfg.Faults), s.lasts)
	r, err := run.Schedule(ctx, cfg)
	return s.add(r, err)
}

func (s *suite) drill(ctx context.Context, t topology, d drill.Drill) error {
	cfg := s.config(t, d.Name)
	fmt.Fprintf(s.out, "\n%s: %s\n", cfg.Name, d.About)
	r, err := run.Drilled(ctx, cfg, d.Act)
	if err == nil && r.Shares != nil {
		if uneven := drill.Even(r.Shares); uneven != nil {
			r.Broken = append(r.Broken, uneven.Error())
		}
	}
	return s.add(r, err)
}

func (s *suite) add(r *run.Result, err error) error {
	if err != nil {
		return err
	}
	report.Run(s.out, r)
	s.results = append(s.results, r)
	return nil
}

// verdict tells all together, and whether it is well.
func (s *suite) verdict() error {
	fmt.Fprintln(s.out)
	report.Table(s.out, s.results)
	if s.report != "" {
		if err := s.writeReport(); err != nil {
			return err
		}
	}
	var broken []string
	for _, r := range s.results {
		for _, b := range r.Broken {
			broken = append(broken, r.Name+": "+b)
		}
	}
	if s.sabotage != "" {
		return s.found(broken)
	}
	if len(broken) > 0 {
		return fmt.Errorf("promises were broken:\n  %s", strings.Join(broken, "\n  "))
	}
	return nil
}

// found is nil where the checker has seen what was broken on purpose.
func (s *suite) found(broken []string) error {
	want := sabotages[s.sabotage]
	for _, b := range broken {
		if strings.Contains(b, want) {
			fmt.Fprintf(s.out, "%s was found, as it should be: %s\n", s.sabotage, b)
			return nil
		}
	}
	return fmt.Errorf("-break %s: the checker did not find %q; it found %q", s.sabotage, want, broken)
}

func (s *suite) writeReport() error {
	file, err := os.Create(s.report)
	if err != nil {
		return err
	}
	report.Markdown(file, s.results)
	return file.Close()
}
