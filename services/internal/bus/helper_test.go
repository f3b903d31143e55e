package bus

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/goleak"

	"github.com/posthaste/posthaste/services/internal/embedded"
	"github.com/posthaste/posthaste/services/internal/settings"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

// server is a nats-server that can be stopped and started again where it was.
type server struct {
	*embedded.NATS
	dir, addr string
}

func startServer(t *testing.T) *server {
	t.Helper()
	s := &server{dir: t.TempDir(), addr: "127.0.0.1:0"}
	s.start(t)
	s.addr = strings.TrimPrefix(s.URL(), "nats://")
	t.Cleanup(s.stop)
	return s
}

func (s *server) start(t *testing.T) {
	t.Helper()
	var err error
	if s.NATS, err = embedded.StartNATS(s.dir, s.addr, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
}

func (s *server) stop() { _ = s.Close() }

// wipe starts the server anew with nothing in it.
func (s *server) wipe(t *testing.T) {
	t.Helper()
	s.stop()
	s.dir = t.TempDir()
	s.start(t)
}

// restart starts the server anew with all that was in it.
func (s *server) restart(t *testing.T) {
	t.Helper()
	s.stop()
	s.start(t)
}

func config(url string) Config {
	cfg := settings.Defaults[Config]()
	cfg.NATSURL = settings.SecretURL(url)
	return cfg
}

// connect connects until the test ends.
func connect(t *testing.T, cfg Config) *Bus {
	t.Helper()
	b, err := Connect(t.Context(), cfg, "test", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

// logged is a log that tests can read.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func messages(n int, payload []byte) []Msg {
	msgs := make([]Msg, n)
	for i := range msgs {
		msgs[i] = Msg{Subject: "events.t.order", ID: fmt.Sprint("id-", i), Data: append([]byte(fmt.Sprint(i, " ")), payload...)}
	}
	return msgs
}

// stored lists what the stream holds, by Nats-Msg-Id and in order.
func stored(t *testing.T, b *Bus, stream string) []string {
	t.Helper()
	s, err := b.JS.Stream(t.Context(), stream)
	if err != nil {
		t.Fatal(err)
	}
	info, err := s.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for seq := info.State.FirstSeq; seq <= info.State.LastSeq; seq++ {
		msg, err := s.GetMsg(t.Context(), seq)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, msg.Header.Get(jetstream.MsgIDHeader))
	}
	return ids
}

func ids(msgs []Msg) []string {
	all := make([]string, len(msgs))
	for i, m := range msgs {
		all[i] = m.ID
	}
	return all
}

// consuming consumes until the test ends or stop is called.
func consuming(t *testing.T, b *Bus, stream, durable string, handle func(jetstream.Msg)) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- b.Consume(ctx, stream, durable, ConsumeOptions{Prefetch: 64, PrefetchBytes: 8 << 20}, handle)
	}()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			select {
			case err := <-done:
				if err != nil {
					t.Errorf("consume: %v", err)
				}
			case <-time.After(patience):
				t.Error("Consume does not return")
			}
		})
	}
	t.Cleanup(stop)
	return stop
}

// recv waits for the next of ch.
func recv[T any](t *testing.T, what string, ch <-chan T) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(patience):
		t.Fatalf("waited in vain: %s", what)
		panic("unreachable")
	}
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(patience)
	for !holds() {
		select {
		case <-deadline:
			t.Fatalf("waited in vain: %s", what)
		case <-time.After(5 * time.Millisecond):
		}
	}
}
