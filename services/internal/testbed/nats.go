package testbed

import (
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/posthaste/posthaste/services/internal/embedded"
)

// NATS is a nats-server that can be stopped and started again where it was.
type NATS struct {
	*embedded.NATS
	dir, addr string
}

// StartNATS starts an empty server on any free port. It stops when the test
// ends.
func StartNATS(tb testing.TB) *NATS {
	tb.Helper()
	n := &NATS{dir: tb.TempDir(), addr: "127.0.0.1:0"}
	n.Start(tb)
	n.addr = strings.TrimPrefix(n.URL(), "nats://")
	tb.Cleanup(n.Stop)
	return n
}

// Start starts the server again after Stop, with all that was in it.
func (n *NATS) Start(tb testing.TB) {
	tb.Helper()
	var err error
	if n.NATS, err = embedded.StartNATS(n.dir, n.addr, slog.New(slog.DiscardHandler)); err != nil {
		tb.Fatal(err)
	}
}

// Stop stops the server; its URL and its streams stay. A second time does
// nothing.
func (n *NATS) Stop() { _ = n.Close() }

// Restart starts the server anew with all that was in it.
func (n *NATS) Restart(tb testing.TB) {
	tb.Helper()
	n.Stop()
	n.Start(tb)
}

// Wipe starts the server anew with nothing in it.
func (n *NATS) Wipe(tb testing.TB) {
	tb.Helper()
	n.Stop()
	n.dir = tb.TempDir()
	n.Start(tb)
}

// Messages lists what a stream holds, in order.
func Messages(tb testing.TB, js jetstream.JetStream, stream string) []*jetstream.RawStreamMsg {
	tb.Helper()
	s, err := js.Stream(tb.Context(), stream)
	if err != nil {
		tb.Fatal(err)
	}
	var msgs []*jetstream.RawStreamMsg
	state := s.CachedInfo().State
	for seq := max(1, state.FirstSeq); seq <= state.LastSeq; seq++ { // 0 where nothing was ever stored
		msg, err := s.GetMsg(tb.Context(), seq)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue
		}
		if err != nil {
			tb.Fatal(err)
		}
		msgs = append(msgs, msg)
	}
	return msgs
}
