package embedded

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// start starts a server that stops with the test.
func start(t *testing.T, dir, listen string) *NATS {
	t.Helper()
	n, err := StartNATS(dir, listen, quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.Close() })
	return n
}

func connect(t *testing.T, url string, opts ...nats.Option) jetstream.JetStream {
	t.Helper()
	nc, err := nats.Connect(url, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	return js
}

func TestNATSKeepsStreams(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := start(t, dir, "127.0.0.1:0")
	js := connect(t, first.URL(), first.InProcess())
	if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "S", Subjects: []string{"s"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := js.Publish(t.Context(), "s", []byte("kept")); err != nil {
		t.Fatal(err)
	}
	js.Conn().Close()
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	listen := strings.TrimPrefix(first.URL(), "nats://")
	second := start(t, dir, listen)
	if second.URL() != first.URL() {
		t.Errorf("URL %s, want %s again", second.URL(), first.URL())
	}
	js = connect(t, second.URL()) // over the socket, as a producer does
	if got := string(message(t.Context(), t, js)); got != "kept" {
		t.Errorf("message %q, want what was published before the restart", got)
	}
	if got := js.Conn().MaxPayload(); got != MaxPayload {
		t.Errorf("max payload %d, want %d", got, MaxPayload)
	}
}

func message(ctx context.Context, t *testing.T, js jetstream.JetStream) []byte {
	t.Helper()
	stream, err := js.Stream(ctx, "S")
	if err != nil {
		t.Fatal(err)
	}
	msg, err := stream.GetMsg(ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	return msg.Data
}

func TestNATSErrors(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ dir, listen, want string }{
		{t.TempDir(), taken.Addr().String(), "nats-listen: listen tcp " + taken.Addr().String() + ": bind: address already in use"},
		{t.TempDir(), "4222", `nats-listen: "4222" is not host:port`},
		{t.TempDir(), "127.0.0.1:nats", `nats-listen: "127.0.0.1:nats" has no port between 0 and 65535`},
		{t.TempDir(), "127.0.0.1:70000", `nats-listen: "127.0.0.1:70000" has no port between 0 and 65535`},
		{file, "127.0.0.1:0", "start embedded NATS on 127.0.0.1:0 in " + file + ": Can't start JetStream: storage directory is not a directory"},
	} {
		n, err := StartNATS(c.dir, c.listen, quiet)
		if n != nil {
			_ = n.Close()
		}
		if err == nil || err.Error() != c.want {
			t.Errorf("%s: error %v, want %s", c.listen, err, c.want)
		}
	}
}

func TestLock(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "made", "here")
	lock, err := LockDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := LockDir(dir); err == nil || err.Error() != "data-dir: cannot lock "+dir+": another process uses it" {
		t.Errorf("a second lock: %v", err)
	}
	if err := lock.Release(); err != nil {
		t.Fatal(err)
	}
	again, err := LockDir(dir)
	if err != nil {
		t.Fatalf("after the release: %v", err)
	}
	if err := again.Release(); err != nil {
		t.Error(err)
	}
	file := filepath.Join(dir, "lock")
	if _, err := LockDir(file); err == nil || !strings.HasPrefix(err.Error(), "data-dir: ") {
		t.Errorf("a file for a directory: %v", err)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("mode %v, %v: others can read the data", info.Mode(), err)
	}
}
