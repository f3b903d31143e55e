package deploytest

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// guarded starts a server with the accounts that are shipped.
func guarded(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for from, to := range map[string]string{"server.conf": "server.conf", "accounts.conf": "accounts.conf", "passwords.example.conf": "passwords.conf"} {
		if err := os.WriteFile(filepath.Join(dir, to), []byte(read(t, "deploy/nats/"+from)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	options, err := server.ProcessConfigFile(filepath.Join(dir, "server.conf"))
	if err != nil {
		t.Fatal(err)
	}
	options.Host, options.Port, options.HTTPPort, options.HTTPHost, options.StoreDir = "127.0.0.1", -1, 0, "", filepath.Join(dir, "data")
	options.NoSigs, options.NoLog = true, true
	s, err := server.NewServer(options)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatal("not ready")
	}
	return s.ClientURL()
}

// login connects as a user. refused tells of what the server refuses.
func login(t *testing.T, url, user string) (nc *nats.Conn, refused <-chan string) {
	t.Helper()
	told := make(chan string, 16)
	nc, err := nats.Connect(url, nats.UserInfo(user, "change-me-"+user), nats.CustomInboxPrefix("_INBOX."+user),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { told <- err.Error() }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc, told
}

// What a login that fell into other hands does not open.
func TestNATSUsersMayNoMore(t *testing.T) {
	t.Parallel()
	url := guarded(t)
	everywhere := []string{"$JS.API.STREAM.DELETE.EVENTS", "$JS.API.STREAM.PURGE.EVENTS", "$SYS.REQ.SERVER.PING"}
	for user, forbidden := range map[string]struct{ publish, subscribe []string }{
		"acme": {
			[]string{"events.other.order.paid", "events.acmes.order.paid", "deliveries.fresh.acme.evsub_1", "attempts.acme.evsub_1", "$KV.subscriptions.acme.evsub_1", "$JS.API.STREAM.INFO.EVENTS", "$JS.API.STREAM.MSG.GET.EVENTS"},
			[]string{"events.>", "events.acme.>", "deliveries.>", "$KV.>", ">"},
		},
		"ingest": {
			[]string{"deliveries.fresh.acme.evsub_1", "$KV.subscriptions.acme.evsub_1", "$KV.tenants.acme", "$KV.keys.phk_1", "attempts.acme.evsub_1", "$JS.API.STREAM.UPDATE.EVENTS", "$JS.API.DIRECT.GET.KV_subscriptions.$KV.subscriptions.acme.evsub_1"},
			[]string{"_INBOX.>", "_INBOX.control.>", "events.>", "$KV.>"},
		},
		"router": {
			[]string{
				"events.acme.order.paid", "deliveries.due.acme.evsub_1", "$KV.subscriptions.acme.evsub_1", "attempts.acme.evsub_1", "$JS.API.STREAM.UPDATE.EVENTS",
				"$JS.API.CONSUMER.CREATE.EVENTS.other", "$JS.API.CONSUMER.CREATE.EVENTS.router", "$JS.API.CONSUMER.DELETE.EVENTS.router", "$JS.API.CONSUMER.MSG.NEXT.DELIVERIES.fresh", "$KV.key-uses.phk_1",
			},
			[]string{"_INBOX.>", "_INBOX.control.>", "events.>"},
		},
		"dispatcher": {
			[]string{"events.acme.order.paid", "deliveries.fresh.acme.evsub_1", "deliveries.bulk.acme.evsub_1", "$KV.tenants.acme", "$KV.keys.phk_1", "$KV.idempotency.acme.x", "$JS.API.STREAM.UPDATE.DELIVERIES", "$JS.API.STREAM.MSG.GET.EVENTS"},
			[]string{"_INBOX.>", "_INBOX.control.>", "deliveries.>"},
		},
		"control":  {[]string{"events.acme.order.paid", "attempts.acme.evsub_1"}, []string{"_INBOX.>", "deliveries.>"}},
		"operator": {[]string{"events.acme.order.paid", "deliveries.fresh.acme.evsub_1"}, []string{"_INBOX.>", "_INBOX.control.>", "events.>"}},
	} {
		nc, refused := login(t, url, user)
		for _, subject := range append(forbidden.publish, everywhere...) {
			_ = nc.Publish(subject, nil)
			wantRefusal(t, nc, refused, user, "publish to "+subject, subject)
		}
		for _, subject := range forbidden.subscribe {
			_, _ = nc.SubscribeSync(subject)
			wantRefusal(t, nc, refused, user, "subscribe to "+subject, subject)
		}
	}
}

func wantRefusal(t *testing.T, nc *nats.Conn, refused <-chan string, user, what, subject string) {
	t.Helper()
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	select {
	case text := <-refused:
		if !strings.Contains(strings.ToLower(text), "permissions violation") || !strings.Contains(text, subject) {
			t.Errorf("%s, %s: %s", user, what, text)
		}
	case <-time.After(5 * time.Second):
		t.Errorf("%s may %s", user, what)
	}
}

// A producer hears the ack of what it publishes, and has no JetStream of its own.
func TestNATSProducerIsAcked(t *testing.T) {
	t.Parallel()
	url := guarded(t)
	control, _ := login(t, url, "control")
	js, err := jetstream.New(control)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "EVENTS", Subjects: []string{"events.>"}}); err != nil {
		t.Fatal(err)
	}
	acme, _ := login(t, url, "acme")
	own, err := jetstream.New(acme)
	if err != nil {
		t.Fatal(err)
	}
	for i, duplicate := range []bool{false, true} {
		ack, err := own.Publish(t.Context(), "events.acme.order.paid", []byte("{}"), jetstream.WithMsgID("one"))
		if err != nil || ack.Stream != "EVENTS" || ack.Duplicate != duplicate {
			t.Errorf("publish %d: %+v, %v", i, ack, err)
		}
	}
	if _, err := own.Stream(t.Context(), "EVENTS"); err == nil || errors.Is(err, jetstream.ErrStreamNotFound) {
		t.Errorf("a producer looked at the stream: %v", err)
	}
}
