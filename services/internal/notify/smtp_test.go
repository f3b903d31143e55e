package notify

import (
	"net"
	"net/textproto"
	"strings"
	"sync"
	"testing"

	"github.com/posthaste/posthaste/services/internal/subscription"
	"github.com/posthaste/posthaste/services/internal/testbed"
)

// mailbox is an SMTP server that refuses the first mail and takes the others.
type mailbox struct {
	listener net.Listener
	sessions sync.WaitGroup
	mu       sync.Mutex
	tries    int
	mails    []string
}

func newMailbox(t *testing.T) *mailbox {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m := &mailbox{listener: l}
	m.sessions.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			m.sessions.Go(func() { m.serve(conn) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		m.sessions.Wait()
	})
	return m
}

func (m *mailbox) serve(conn net.Conn) {
	c := textproto.NewConn(conn)
	defer c.Close()
	_ = c.PrintfLine("220 mailbox")
	for {
		line, err := c.ReadLine()
		if err != nil {
			return
		}
		switch verb, _, _ := strings.Cut(line, " "); verb {
		case "RCPT":
			_ = c.PrintfLine("%s", m.accept())
		case "DATA":
			_ = c.PrintfLine("354 go on")
			mail, _ := c.ReadDotBytes()
			m.mu.Lock()
			m.mails = append(m.mails, string(mail))
			m.mu.Unlock()
			_ = c.PrintfLine("250 taken")
		case "QUIT":
			_ = c.PrintfLine("221 bye")
			return
		default:
			_ = c.PrintfLine("250 ok")
		}
	}
}

func (m *mailbox) accept() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.tries++; m.tries == 1 {
		return "450 hush@acme.example: greylisted"
	}
	return "250 ok"
}

func (m *mailbox) taken() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]string(nil), m.mails...)
}

func TestMail(t *testing.T) {
	t.Parallel()
	h, box := newHouse(t), newMailbox(t)
	h.run(t, h.notifier(t, nil, "smtp://"+box.listener.Addr().String()+"/?from=posthaste@example.com&to=hush@acme.example"))
	h.disable(t, "evsub_1", subscription.DisabledGone)
	testbed.Eventually(t, "the mail", func() bool { return len(box.taken()) > 0 })
	h.settled(t, 2)
	mail := box.taken()[0]
	for _, want := range []string{"Subject: Webhook disabled\n", "To: hush@acme.example\n", "\n\nA webhook of tenant acme was disabled: its endpoint answered 410.\n"} {
		if !strings.Contains(mail, want) {
			t.Errorf("no %q in %s", want, mail)
		}
	}
	if log := h.log.String(); !strings.Contains(log, "answered 450") {
		t.Errorf("the log does not say why the first try failed: %s", log)
	}
	keepsSecrets(t, "the log", h.log.String())
}
