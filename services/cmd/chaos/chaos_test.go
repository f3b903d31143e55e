package main

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	// What the processes are made of. Go's test cache does not see what a test
	// builds; by this import it sees a change there all the same.
	_ "github.com/posthaste/posthaste/services/allinone"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A short schedule, with processes of its own, finds nothing and writes a report.
func TestSmoke(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it runs whole processes; -short leaves it out")
	}
	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Skip("redis-server is not on PATH, and the embedded one can't be killed")
	}
	var out bytes.Buffer
	file := filepath.Join(t.TempDir(), "report.md")
	args := []string{"-topology", "single", "-schedules", "1", "-seed", "1", "-seconds", "5", "-rate", "50", "-only", "kill:router,flush:redis", "-report", file}
	if err := chaos(t.Context(), args, &out); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	report, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "seed 1") || !strings.Contains(string(report), "| single 1 |") {
		t.Errorf("%s\nreport:\n%s", &out, report)
	}
}

func TestFlags(t *testing.T) {
	t.Parallel()
	o, err := parse([]string{"-topology", "cluster", "-seconds", "7.5", "-drills", "scale, upgrade", "-only", "kill:nats"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if len(o.topologies) != 1 || o.topologies[0].nodes != 3 || o.lasts.Seconds() != 7.5 || len(o.drills) != 2 || len(o.only) != 1 {
		t.Errorf("%+v", o)
	}
	if o, err := parse([]string{"-drills", "all"}, io.Discard); err != nil || len(o.drills) != 3 || len(o.topologies) != 2 {
		t.Errorf("%+v, %v", o, err)
	}
	for args, want := range map[string]string{
		"-topology ring": "-topology", "-schedules -1": "-schedules", "-seconds 1": "-seconds", "-rate 1": "-rate", "-settle 1s": "-settle",
		"-only kill:all": "-only: there is no \"kill:all\"", "-drills fire": "-drills: there is no \"fire\"", "-break all": "-break",
		"-break early-retry -posthaste x": "-posthaste", "now": "\"now\" is no flag", "-nonsense": "nonsense",
	} {
		if _, err := parse(strings.Fields(args), io.Discard); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want …%s…", args, err, want)
		}
	}
	if _, err := parse([]string{"-h"}, io.Discard); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("help: %v", err)
	}
}

// A broken guarantee that the checker does not find is a failure.
func TestFound(t *testing.T) {
	t.Parallel()
	s := suite{options: options{sabotage: "ack-before-post"}, out: io.Discard}
	if err := s.found([]string{"single 1: 3 lost"}); err != nil {
		t.Error(err)
	}
	for _, broken := range [][]string{nil, {"single 1: 9 of 10 arrived twice, more than 0.1 %"}} {
		if err := s.found(broken); err == nil {
			t.Errorf("%v passes", broken)
		}
	}
}
