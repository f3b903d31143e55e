package settings

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// common is embedded by both test commands, as services share a broker.
type common struct {
	LogLevel slog.Level `help:"Least level that is logged" default:"info" group:"Process"`
	RedisURL SecretURL  `help:"Redis that holds the counters" default:"redis://localhost:6379" group:"Process"`
}

type ingestConfig struct {
	common
	Addr          string         `help:"Address to listen on" default:":8080" group:"HTTP"`
	MaxEventBytes Bytes          `help:"Largest event that is accepted; a larger one gets status 413" default:"262144" group:"Limits"`
	Timeout       time.Duration  `help:"Longest wait for a client to send its event" default:"15s" group:"Limits" short:"t"`
	Workers       int            `help:"Events handled at once" default:"4" group:"Limits" unit:"events"`
	Queue         int64          `help:"Events that wait for a worker" default:"100" group:"Limits" unit:"events"`
	Burst         uint           `help:"Events above the rate" default:"7" group:"Limits" unit:"events"`
	Sample        float64        `help:"Part of the events that are traced" default:"0.25" group:"Limits" unit:"ratio"`
	Debug         bool           `help:"Answer with details" group:"HTTP" negatable:""`
	Tags          []string       `help:"Labels for every metric" default:"a,b" group:"Process"`
	Trusted       []netip.Prefix `help:"Networks whose forwarded header counts" default:"10.0.0.0/8,fd00::/8" group:"HTTP"`
	Mode          string         `help:"How strict to be" enum:"strict,loose" default:"strict" group:"HTTP"`
	APIKey        Secret         `help:"Key that clients show" group:"HTTP" name:"api-key"`
	Pepper        string         `help:"Mixed into hashes" secret:"" group:"HTTP"`
	Store         storeConfig    `embed:"" prefix:"store-"`
}

type storeConfig struct {
	Path string `help:"Directory of the store" default:"/data" group:"Store"`
}

func (c *ingestConfig) Validate() error {
	if c.Workers < 1 {
		return Wrong("workers", "1 or more")
	}
	if c.Queue < 0 {
		return errors.New("queue is negative\nand that is odd")
	}
	return nil
}

type sendConfig struct {
	Addr     string   `help:"Address to send to" default:"localhost:8080" group:"HTTP"`
	Attempts int      `help:"Tries before giving up" required:"" unit:"attempts"`
	File     string   `arg:"" help:"File with one event a line"`
	Types    []string `arg:"" optional:"" help:"Types to send"`
}

// result is what a run of the test table shows.
type result struct {
	code           int
	stdout, stderr string
	ingest         *ingestConfig
	send           *sendConfig
}

func commandsFor(r *result, fail error) []Command {
	return []Command{
		For("ingest", "accept events over HTTP", func(_ context.Context, c ingestConfig) error {
			r.ingest = &c
			return fail
		}),
		For("send", "send events from a file", func(_ context.Context, c sendConfig) error {
			r.send = &c
			return fail
		}),
	}
}

func runWith(t *testing.T, fail error, environ []string, args ...string) result {
	t.Helper()
	var r result
	var out, errs bytes.Buffer
	r.code = Run(t.Context(), "posthaste", commandsFor(&r, fail), args, environ, &out, &errs)
	r.stdout, r.stderr = out.String(), errs.String()
	return r
}

func writeFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "posthaste.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestExitCodes(t *testing.T) {
	t.Parallel()
	if r := runWith(t, nil, nil, "ingest"); r.code != 0 || r.stderr != "" || r.ingest == nil {
		t.Errorf("success: %+v", r)
	}
	r := runWith(t, errors.Join(errors.New("listen: taken"), errors.New("close: late")), nil, "ingest")
	if r.code != 1 || r.stderr != "posthaste: listen: taken; close: late\n" {
		t.Errorf("failure: %+v", r)
	}
	r = runWith(t, nil, nil)
	if r.code != 2 || r.stderr != "posthaste: no command is given, expected one of the list\n" ||
		!strings.HasPrefix(r.stdout, "Usage: posthaste <command>") {
		t.Errorf("no arguments: %+v", r)
	}
}

func TestUnknownCommand(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		args []string
		line string
	}{
		{[]string{"ingset"}, `there is no command "ingset", did you mean ingest?`},
		{[]string{"help", "sent"}, `there is no command "sent", did you mean send?`},
		{[]string{"dispatcher"}, `there is no command "dispatcher", see posthaste help`},
		{[]string{"--addr=:1", "ingest"}, `a command is expected before flags, see posthaste help`},
		{[]string{""}, `there is no command "", see posthaste help`},
		{[]string{"help", "send", "more"}, `help: "more" is not expected, help takes one command`},
	} {
		r := runWith(t, nil, nil, test.args...)
		if r.code != 2 || r.stderr != "posthaste: "+test.line+"\n" || r.stdout != "" {
			t.Errorf("%q: %d %s", test.args, r.code, r.stderr)
		}
	}
}

func TestArguments(t *testing.T) {
	t.Parallel()
	r := runWith(t, nil, []string{"POSTHASTE_ATTEMPTS=3"}, "send", "events.jsonl", "order.made", "order.paid", "--addr", "x:1")
	if r.code != 0 || r.send.File != "events.jsonl" || len(r.send.Types) != 2 || r.send.Addr != "x:1" {
		t.Errorf("%+v %+v", r, r.send)
	}
	r = runWith(t, nil, nil, "send", "--attempts=3", "--", "--help")
	if r.code != 0 || r.send.File != "--help" {
		t.Errorf("after dashes: %+v", r)
	}
}

func TestCheckFindsMistakes(t *testing.T) {
	t.Parallel()
	type same struct {
		Addr int `default:"1"`
	}
	for want, commands := range map[string][]Command{
		"command x: setting addr: the tag env is not supported": {forType[struct {
			Addr string `env:"A"`
		}]()},
		"command x: default of at: \"no\" is wrong, expected a whole number": {forType[struct {
			At int `default:"no"`
		}]()},
		"command x: setting a: the type int8 is not supported": {forType[struct{ A int8 }]()},
		"command x: setting a.b: not a name for a setting": {forType[struct {
			A string `name:"a.b"`
		}]()},
		"command x: setting config: the name is taken":               {forType[struct{ Config string }]()},
		"command x: setting addr: not of the same type as in ingest": {commandsFor(&result{}, nil)[0], forType[same]()},
		"command \"x\": not a name, or taken":                        {forType[struct{}](), forType[struct{}]()},
		"command x: not made with settings.For":                      {{Name: "x"}},
		"no commands":                                                nil,
	} {
		if err := Check(commands); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func forType[C any]() Command {
	return For("x", "test", func(context.Context, C) error { return nil })
}
