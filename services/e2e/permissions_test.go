package e2e

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/posthaste/posthaste/pkg/producer"
)

// startGuardedNATS runs a real nats-server with the accounts that are shipped
// and the passwords of the example.
func startGuardedNATS(t *testing.T) *server {
	t.Helper()
	binary, dir, shipped := built(t, buildNATS), t.TempDir(), filepath.Join("..", "..", "deploy", "nats")
	for from, to := range map[string]string{"server.conf": "server.conf", "accounts.conf": "accounts.conf", "passwords.example.conf": "passwords.conf"} {
		text, err := os.ReadFile(filepath.Join(shipped, from))
		if err != nil {
			t.Fatal(err)
		}
		text = []byte(strings.ReplaceAll(string(text), "store_dir: \"./data\"", `store_dir: "`+filepath.Join(dir, "data")+`"`))
		text = []byte(strings.ReplaceAll(string(text), `http: "127.0.0.1:8222"`, ""))
		if err := os.WriteFile(filepath.Join(dir, to), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := &server{name: "nats-server", addr: freeAddr(t)}
	s.url = "nats://" + s.addr
	host, port, _ := strings.Cut(s.addr, ":")
	s.launch = func() *process {
		return start(t, s.name, binary, nil, "--config", filepath.Join(dir, "server.conf"), "-a", host, "-p", port)
	}
	s.up(t)
	return s
}

func loginOf(name string) env {
	return env{"POSTHASTE_NATS_USER": name, "POSTHASTE_NATS_PASSWORD": "change-me-" + name}
}

// TestShippedPermissions runs the whole product by the permissions that are
// shipped: what it needs is in them.
func TestShippedPermissions(t *testing.T) {
	begin(t)
	s := startStack(t, plan{
		nats: startGuardedNATS(t),
		settings: env{
			"POSTHASTE_PROVISION": "false", "POSTHASTE_RETRY_DELAYS": "50ms", "POSTHASTE_DISABLE_AFTER": "1",
			"POSTHASTE_NOTIFY_URLS":    "generic+http://127.0.0.1:1/?disabletls=yes",
			"POSTHASTE_EVENTS_BACKLOG": "500", "POSTHASTE_FRESH_BACKLOG": "100",
		},
		each: func(service string) env {
			return loginOf(service).and(map[bool]env{true: {"POSTHASTE_PROVISION": "true"}}[service == "control"])
		},
	})
	to, bad := collect(t, nil), collect(t, func(w http.ResponseWriter, _ post) { w.WriteHeader(http.StatusInternalServerError) })
	subscribe := func(to *inbox, eventType string) string {
		body := `{"url":"` + to.URL + `","tenant":"acme","eventTypes":["` + eventType + `"]}`
		return one(t, s.must(t, http.StatusCreated, http.MethodPost, s.subscriptions+"/v1/event-subscriptions", []byte(body))).ID
	}
	good, failing := subscribe(to, "order.paid"), subscribe(bad, "order.paid")
	s.publish(t, event{Tenant: "acme", Type: "order.paid", Data: json.RawMessage(`{}`)})
	nc, err := nats.Connect(s.nats.url, nats.UserInfo("acme", "change-me-acme"))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	p, err := producer.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	if ack, err := p.Publish(t.Context(), producer.Event{Tenant: "acme", Type: "order.paid", Data: json.RawMessage(`{}`)}); err != nil || ack.Sequence == 0 {
		t.Fatalf("a producer of its own tenant: %+v, %v", ack, err)
	}
	eventually(t, "two deliveries", func() bool { return len(to.all()) >= 2 }, nil)
	eventually(t, "the disabling", func() bool { return s.get(t, failing).Status == "disabled" }, nil)
	path := s.subscriptions + "/v1/event-subscriptions/" + good
	s.must(t, http.StatusOK, http.MethodPost, path+"/test", nil)
	s.must(t, http.StatusOK, http.MethodGet, s.subscriptions+"/v1/events?tenant=acme", nil)
	s.must(t, http.StatusAccepted, http.MethodPost, path+"/replay", []byte(`{"since":"2026-01-01T00:00:00Z"}`))
	eventually(t, "the replay", func() bool { return len(to.all()) >= 5 }, nil)
	for _, action := range []string{"secrets rotate", "secrets status", "history rebuild", "doctor", "backup --to " + filepath.Join(t.TempDir(), "backup")} {
		v := start(t, action, s.binary, s.settings.and(loginOf("operator")).and(env{"POSTHASTE_HISTORY_FILE": filepath.Join(t.TempDir(), "h.db")}), strings.Fields(action)...)
		if code := v.exitCode(t); code != 0 {
			t.Errorf("%s: exit code %d: %s", action, code, v.log.String())
		}
	}
	flooded := collect(t, nil)
	subscribe(flooded, "order.flood")
	s.flood(t, nc, flooded)
	for _, each := range s.services() {
		if log := strings.ToLower(each.log.String()); strings.Contains(log, "violation") {
			t.Errorf("%s was refused something:\n%s", each.name, each.log.tail(2<<10))
		}
	}
	if log := s.nats.log.String(); strings.Contains(log, "Violation") {
		t.Errorf("somebody was refused something:\n%s", s.nats.log.tail(2<<10))
	}
}

// flood has more events wait than are routed in their turn alone, and more
// deliveries than go to the lane fresh.
func (s *stack) flood(t *testing.T, producers *nats.Conn, to *inbox) {
	t.Helper()
	const events = 2_000
	own, err := jetstream.New(producers, jetstream.WithPublishAsyncMaxPending(events)) // a slow server is waited for
	if err != nil {
		t.Fatal(err)
	}
	s.routers[0].kill(t)
	for range events {
		if _, err := own.PublishAsync("events.acme.order.flood", []byte(`{"data":{}}`)); err != nil {
			t.Fatal(err)
		}
	}
	<-own.PublishAsyncComplete()
	s.routers = append(s.routers, s.run(t, "router", "1", nil))
	nc, err := nats.Connect(s.nats.url, nats.UserInfo("control", "change-me-control"), nats.CustomInboxPrefix("_INBOX.control"))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "events to be taken out of their turn", func() bool {
		_, err := js.Consumer(t.Context(), "EVENTS", "express")
		return err == nil
	}, nil)
	eventually(t, "deliveries in the lane bulk", func() bool {
		c, err := js.Consumer(t.Context(), "DELIVERIES", "bulk")
		return err == nil && c.CachedInfo().Delivered.Consumer > 0
	}, nil)
	to.await(t, events)
}
