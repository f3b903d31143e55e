package main

import (
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/posthaste/posthaste/pkg/internal/natstest"
	"github.com/posthaste/posthaste/pkg/producer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestRun(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t)
	natstest.Stream(t, server.Connect(t))
	var out strings.Builder
	if err := run(t.Context(), []string{"-nats", server.URL(), "-tenant", "acme", "-type", "ping", "-data", "7"}, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	want := regexp.MustCompile(`^published evt_\w{26} to events\.acme\.ping as number 1 of the stream\n$`)
	if !want.MatchString(out.String()) {
		t.Fatalf("printed %q", out.String())
	}
	if err := run(t.Context(), []string{"-nats", server.URL(), "-data", "{"}, &out, io.Discard); !errors.Is(err, producer.ErrInvalid) {
		t.Fatalf("bad data: got %v", err)
	}
}
