package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/posthaste/posthaste/services/allinone"
	"github.com/posthaste/posthaste/services/cmd/bench/internal/scenario"
	"github.com/posthaste/posthaste/services/internal/settings"
)

// TestMain lets the test's binary be all that the bench starts: itself, and
// Posthaste, which would take seconds to build.
func TestMain(m *testing.M) {
	handled, err := runAs(os.Args[1:])
	if !handled && len(os.Args) == 2 && os.Args[1] == "dev" {
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		dev := settings.For("dev", "run all services", runDev)
		code := settings.Run(ctx, "posthaste", []settings.Command{dev}, os.Args[1:], os.Environ(), io.Discard, os.Stderr)
		stop()
		os.Exit(code)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if !handled {
		os.Exit(m.Run())
	}
}

func runDev(ctx context.Context, cfg allinone.Config) error {
	p, err := allinone.New(ctx, cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	return p.Run(ctx)
}

// A tiny run of a scenario, with everything in one process and with servers of
// their own.
func TestSmoke(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for servers, runs := range map[string]int{"embedded": 2, "processes": 1} {
		t.Run(servers, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			args := []string{"-posthaste", self, "-servers", servers, "-scenario", "latency", "-seconds", "0.3", "-rate", "100", "-repeat", strconv.Itoa(runs)}
			if err := bench(t.Context(), args, &out, io.Discard); err != nil {
				t.Fatalf("%v\n%s", err, &out)
			}
			for _, want := range []string{"events/s", "goal: lost: 0, at most 0  ok", "Posthaste"} {
				if !strings.Contains(out.String(), want) {
					t.Errorf("%q is missing in\n%s", want, &out)
				}
			}
			if got := strings.Contains(out.String(), "(most-least)/median") && strings.Contains(out.String(), "100, p99"); got != (runs > 1) {
				t.Errorf("a spread of %d runs: %t\n%s", runs, got, &out)
			}
			if got := strings.Contains(out.String(), "goal: peak memory of Posthaste"); got != (servers == "embedded") {
				t.Errorf("a goal for memory: %t\n%s", got, &out)
			}
		})
	}
}

// What is interrupted ends soon and says so.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	begin := time.Now()
	err = bench(ctx, []string{"-posthaste", self, "-servers", "embedded", "-scenario", "latency", "-seconds", "60"}, io.Discard, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "latency") {
		t.Errorf("%v", err)
	}
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestFlags(t *testing.T) {
	t.Parallel()
	o, err := parse([]string{"-scenario", "flood,burst", "-fanout", "3, 4", "-seconds", "2.5", "-servers", "embedded", "-strict"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if len(o.scenarios) != 2 || len(o.Fanouts) != 2 || o.Fanouts[1] != 4 || o.Seconds != 2.5 || !o.Embedded || !o.strict || o.repeat != 1 {
		t.Errorf("%+v", o)
	}
	for args, want := range map[string]string{
		"-scenario flod": "-scenario: there is no scenario \"flod\"", "-fanout 0": "-fanout", "-batch x": "-batch", "-servers both": "-servers",
		"-repeat 0": "-repeat", "-seconds -1": "-seconds", "-payload 300000": "-payload", "-dead 404": "-dead", "-backlog 0": "-backlog",
		"-rate 0": "-rate", "-waiting -5": "-waiting", "-drain 0s": "-drain", "flood": "-scenario", "-nonsense": "nonsense", "-capacity 0": "-capacity",
	} {
		if _, err := parse(strings.Fields(args), io.Discard); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want …%s…", args, err, want)
		}
	}
	if _, err := parse([]string{"-h"}, io.Discard); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("help: %v", err)
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := bench(t.Context(), []string{"-list"}, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	for _, name := range scenario.Names() {
		if !strings.Contains(out.String(), name) {
			t.Errorf("%s is not listed:\n%s", name, &out)
		}
	}
}

// A goal that is missed is an error only where that was asked for.
func TestVerdict(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		missed int
		strict bool
		want   string
	}{{0, false, ""}, {0, true, ""}, {2, false, ""}, {2, true, "2 goals were not reached"}} {
		err := verdict(c.missed, c.strict)
		if c.want == "" && err != nil || c.want != "" && (err == nil || err.Error() != c.want) {
			t.Errorf("%d missed, strict %t: %v, want %q", c.missed, c.strict, err, c.want)
		}
	}
}
