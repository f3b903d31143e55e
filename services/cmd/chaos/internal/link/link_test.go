package link

import (
	"bufio"
	"net"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/posthaste/posthaste/services/internal/testbed"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// echo answers each line with the same.
func echo(t *testing.T) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				for lines := bufio.NewScanner(conn); lines.Scan(); {
					_, _ = conn.Write(append(lines.Bytes(), '\n'))
				}
			}()
		}
	}()
	return l.Addr().String()
}

func open(t *testing.T) *Link {
	t.Helper()
	n := New()
	t.Cleanup(n.Close)
	l, err := n.Open("a>b", "127.0.0.1:0", echo(t))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func dial(t *testing.T, l *Link) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", l.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// answers says whether a line comes back within the time.
func answers(conn net.Conn, within time.Duration) bool {
	if err := conn.SetDeadline(time.Now().Add(within)); err != nil {
		return false
	}
	if _, err := conn.Write([]byte("x\n")); err != nil {
		return false
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	return err == nil && line == "x\n"
}

const patience = 10 * time.Second

func TestCutAndMend(t *testing.T) {
	t.Parallel()
	l := open(t)
	conn := dial(t, l)
	if !answers(conn, patience) {
		t.Fatal("nothing passes")
	}
	if err := l.Cut(); err != nil {
		t.Fatal(err)
	}
	if answers(conn, 50*time.Millisecond) {
		t.Error("something passes a link that is cut")
	}
	if err := l.Cut(); err == nil {
		t.Error("it was cut twice")
	}
	if err := l.Mend(); err != nil {
		t.Fatal(err)
	}
	testbed.Eventually(t, "a new connection to pass", func() bool { return answers(dial(t, l), patience) })
}

func TestReset(t *testing.T) {
	t.Parallel()
	l := open(t)
	conn, addr := dial(t, l), l.Addr()
	if !answers(conn, patience) {
		t.Fatal("nothing passes")
	}
	if err := l.Reset(); err != nil {
		t.Fatal(err)
	}
	if answers(conn, patience) {
		t.Error("the connection outlived the reset")
	}
	if l.Addr() != addr || !answers(dial(t, l), patience) {
		t.Error("the link is not as it was")
	}
}

func TestSlow(t *testing.T) {
	t.Parallel()
	l := open(t)
	conn := dial(t, l)
	const wait = 100 * time.Millisecond
	if err := l.Slow(wait); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	if !answers(conn, patience) {
		t.Fatal("nothing passes")
	}
	if took := time.Since(begin); took < wait { // each way at least half of it
		t.Errorf("there and back took %s", took)
	}
}
