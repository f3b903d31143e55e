// Command posthaste is all of Posthaste: each service alone, or all of them in
// one process.
package main

import (
	"context"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/redis/go-redis/v9"

	"github.com/posthaste/posthaste/services/cli"
	"github.com/posthaste/posthaste/services/internal/settings"
)

// commands are the services: the rows of the table that main is whose settings
// are in docs/configuration.md. Those of the verbs, which package cli adds, are
// in docs/cli.md.
var commands = []settings.Command{
	settings.For("dev", "run all services in one process, on embedded NATS and Redis", runDev),
	settings.For("ingest", "accept events over HTTP", runIngest),
	settings.For("router", "match events to subscriptions", runRouter),
	settings.For("dispatcher", "deliver, and retry what fails", runDispatcher),
	settings.For("control", "serve the API of subscriptions", runControl),
	settings.For("doctor", "say whether servers and settings keep what is promised", runDoctor),
	settings.For("backup", "copy streams and buckets into a directory", runBackup),
	settings.For("restore", "make streams and buckets of a backup", runRestore),
	settings.For("history", "rebuild the delivery history", runHistory),
	settings.For("secrets", "make, count and change the keys that encrypt secrets", runSecrets),
	settings.For("version", "print the version", runVersion),
}

func main() {
	redis.SetLogger(quiet{})
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	verbs := cli.Commands(cli.Terminal{In: os.Stdin, Out: os.Stdout, Err: os.Stderr})
	code := settings.Run(ctx, "posthaste", slices.Concat(commands, verbs), os.Args[1:], os.Environ(), os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// quiet is go-redis's logger, which is one for the whole process and writes
// past ours. What it tells, such as a failed dial, package redisstore says
// once and in our form.
type quiet struct{}

func (quiet) Printf(context.Context, string, ...any) {}
