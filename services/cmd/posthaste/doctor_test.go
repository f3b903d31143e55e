package main

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/posthaste/posthaste/services/internal/preflight"
	"github.com/posthaste/posthaste/services/internal/settings"
	"github.com/posthaste/posthaste/services/internal/testbed"
	"github.com/posthaste/posthaste/services/internal/testbed/bustest"
)

func examined(t *testing.T, url string, change func(*doctorConfig)) preflight.Report {
	t.Helper()
	cfg := settings.Defaults[doctorConfig]()
	cfg.Bus.NATSURL, cfg.Redis.RedisURL = settings.SecretURL(url), settings.SecretURL(testbed.RedisURL(t))
	change(&cfg)
	r, err := examine(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestDoctor(t *testing.T) {
	t.Parallel()
	s := testbed.StartNATS(t)
	bustest.Connect(t, s.URL(), slog.New(slog.DiscardHandler)) // makes the streams
	healthy := examined(t, s.URL(), func(*doctorConfig) {})
	if err := healthy.Err(); err != nil {
		t.Error(err)
	}
	bad := examined(t, s.URL(), func(c *doctorConfig) { c.Event.MaxEventBytes = 4 * settings.MiB })
	if err := bad.Err(); err == nil || !strings.Contains(err.Error(), "max-payload: ") {
		t.Errorf("a payload that does not fit: %v", err)
	}

	var table, lines bytes.Buffer
	if err := printReport(&table, bad, false); err != nil {
		t.Fatal(err)
	}
	if err := printReport(&lines, bad, true); err != nil {
		t.Fatal(err)
	}
	var read preflight.Report
	for dec := json.NewDecoder(&lines); dec.More(); {
		var f preflight.Finding
		if err := dec.Decode(&f); err != nil {
			t.Fatal(err)
		}
		read = append(read, f)
	}
	if !slices.Equal(read, bad) {
		t.Errorf("printed %+v of %+v", read, bad)
	}
	for _, f := range bad {
		if !strings.Contains(table.String(), f.Check) || !strings.Contains(table.String(), f.Message) || !strings.Contains(table.String(), f.Do) {
			t.Errorf("the table lacks %+v:\n%s", f, table.String())
		}
	}
}

// A server that cannot be reached is a finding too.
func TestDoctorWithoutNATS(t *testing.T) {
	t.Parallel()
	r := examined(t, "nats://127.0.0.1:1", func(c *doctorConfig) { c.Bus.NATSWait = 1 })
	if err := r.Err(); err == nil || !strings.HasPrefix(err.Error(), "preflight: nats: ") {
		t.Errorf("%v", err)
	}
}
