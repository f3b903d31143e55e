package bus

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/posthaste/posthaste/services/internal/testbed"
)

// A cluster without a leader answers no request. Whoever asked before there was
// one must ask again, and not wait for as long as the start may take.
func TestProvisionAsksAgain(t *testing.T) {
	t.Parallel()
	s, err := natsserver.NewServer(&natsserver.Options{Host: "127.0.0.1", Port: -1, NoSigs: true, NoLog: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(testbed.Patience) {
		t.Fatal("the server does not start")
	}
	nc, err := nats.Connect(s.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	var asked atomic.Int64
	if _, err := nc.Subscribe("$JS.API.>", func(*nats.Msg) { asked.Add(1) }); err != nil {
		t.Fatal(err)
	}
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), testbed.Patience)
	defer cancel()
	for _, provision := range []bool{true, false} {
		cfg := config(s.ClientURL())
		cfg.Provision = provision
		b := &Bus{NC: nc, JS: js, cfg: cfg, log: slog.New(slog.DiscardHandler), ensured: make(map[string]Consumer), setupTimeout: 10 * time.Millisecond}
		if err := b.reach(ctx, nil, (*Bus).provision); !errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
			t.Errorf("provision %t: %v; the start's own context: %v", provision, err, ctx.Err())
		}
	}
	if asked.Load() == 0 {
		t.Error("nothing was asked")
	}
}
