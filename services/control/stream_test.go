package control

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/posthaste/posthaste/services/internal/httpserver"
	"github.com/posthaste/posthaste/services/internal/testbed"
)

func TestStream(t *testing.T) {
	t.Parallel()
	h := start(t)
	h.publish(t, "default", "task.created", "evt_before", `{}`)
	live := h.open(t, adminKey, log+"/stream").begins(t)
	some := h.open(t, adminKey, log+"/stream?types=thread.*").begins(t)
	acme := h.open(t, "tenant-acme", log+"/stream").begins(t)
	all := h.open(t, adminKey, log+"/stream?cursor=0").begins(t)
	won := h.open(t, adminKey, log+"/stream?cursor=0", "Last-Event-ID", "1").begins(t)
	h.publish(t, "default", "task.closed", "evt_2", "{\n \"text\":\r\n \"a\"}")
	h.publish(t, "default", "thread.message", "evt_3", `{}`)
	h.publish(t, "acme", "a.b", "evt_4", `{}`)
	got := live.data(t, "2", "task.closed")
	if got["id"] != "evt_2" || got["tenant"] != "default" || got["sequence"] != 2.0 || got["data"].(map[string]any)["text"] != "a" {
		t.Errorf("%v", got)
	}
	live.data(t, "3", "thread.message")
	some.data(t, "3", "thread.message")
	if got := acme.data(t, "4", "a.b"); got["tenant"] != "acme" {
		t.Errorf("%v", got)
	}
	all.data(t, "1", "task.created")
	all.data(t, "2", "task.closed")
	won.data(t, "2", "task.closed")
}

// AgentRail's clients read its own form.
func TestTaskStream(t *testing.T) {
	t.Parallel()
	h := start(t)
	c := h.open(t, adminKey, "/v1/task-events/stream?eventTypes=task.updated,task.*").begins(t)
	h.publish(t, "default", "other", "evt_0", `{}`)
	h.publish(t, "default", "task.updated", "evt_1", "{\"taskVersion\":7,\n\"taskId\":\"t\"}")
	got := c.data(t, "2", "task.updated")
	if got["id"] != "evt_1" || got["occurredAt"] != "2026-01-15T10:30:00.123Z" || got["sequence"] != 2.0 || got["taskVersion"] != 7.0 || got["traceId"] == nil {
		t.Errorf("%v", got)
	}
}

func TestStreamKeepsAlive(t *testing.T) {
	t.Parallel()
	h := start(t)
	c := h.open(t, adminKey, log+"/stream?heartbeatSeconds=1").begins(t)
	for range 2 {
		if frame := c.next(t); frame != ": keepalive\n" {
			t.Errorf("%q", frame)
		}
	}
}

func TestStreamLimits(t *testing.T) {
	t.Parallel()
	h := start(t, func(c *Config, _ *Deps) { c.Events.MaxStreams, c.Events.TenantStreams = 3, 2 })
	first := h.open(t, "tenant-acme", log+"/stream").begins(t)
	h.open(t, "tenant-acme", "/v1/task-events/stream").begins(t)
	a := h.as(t, call{key: "tenant-acme"}, http.MethodGet, log+"/stream", "")
	a.refused(t, http.StatusTooManyRequests, "rate_limited")
	if a.Header.Get("Retry-After") != "5" || !strings.Contains(a.Text, "max-event-streams-per-tenant") {
		t.Errorf("%v %s", a.Header, a.Text)
	}
	h.open(t, "tenant-globex", log+"/stream").begins(t)
	a = h.as(t, call{key: "tenant-third"}, http.MethodGet, log+"/stream", "")
	a.refused(t, http.StatusServiceUnavailable, "unavailable")
	if a.Header.Get("Retry-After") != "5" {
		t.Errorf("%v", a.Header)
	}
	first.hangUp()
	testbed.Eventually(t, "its place is free", func() bool {
		c := h.open(t, "tenant-third", log+"/stream")
		defer c.hangUp()
		return c.status == http.StatusOK
	})
}

// HEAD has no body to stream.
func TestHeadOfStream(t *testing.T) {
	t.Parallel()
	h := start(t)
	for range 3 { // the second would wait for the first on its connection
		if a := h.do(t, http.MethodHead, log+"/stream", ""); a.Status != http.StatusOK || a.Text != "" {
			t.Errorf("%d %q", a.Status, a.Text)
		}
	}
}

// The times of a server are for requests: a stream lives on past them.
func TestStreamOutlivesTheServersTimes(t *testing.T) {
	t.Parallel()
	h := start(t)
	cfg := httpserver.Defaults()
	cfg.HeaderTimeout, cfg.ReadTimeout, cfg.WriteTimeout = 200*time.Millisecond, 200*time.Millisecond, 200*time.Millisecond
	server, err := httpserver.New("127.0.0.1:0", cfg, h.Handler(), testbed.Patience, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	testbed.Running(t, server.Serve)
	h.url = "http://" + server.Addr()
	c := h.open(t, adminKey, log+"/stream?heartbeatSeconds=1").begins(t)
	if frame := c.next(t); frame != ": keepalive\n" {
		t.Fatalf("%q", frame)
	}
	h.publish(t, "default", "task.created", "evt_1", `{}`)
	c.data(t, "1", "task.created")
}

func TestStreamEndsWithTheServer(t *testing.T) {
	t.Parallel()
	h := start(t)
	server, err := httpserver.New("127.0.0.1:0", httpserver.Defaults(), h.Handler(), testbed.Patience, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	stop := testbed.Running(t, server.Serve) // fails where it does not end in its grace
	h.url = "http://" + server.Addr()
	c := h.open(t, adminKey, log+"/stream").begins(t)
	began := time.Now()
	stop()
	if frame := c.next(t); frame != "" {
		t.Errorf("%q", frame)
	}
	if took := time.Since(began); took >= testbed.Patience {
		t.Errorf("ended after the grace, %s", took)
	}
}
