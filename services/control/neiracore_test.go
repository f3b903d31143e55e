package control

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/posthaste/posthaste/services/control/internal/neiracore"
)

func TestNeiracore(t *testing.T) {
	t.Parallel()
	h := start(t)
	const webhooks = "/v1/webhooks"
	for body, field := range map[string]string{
		`{"agentAid":"agent-1","url":"https://example.com/","secret":"s"}`:                    "events",
		`{"agentAid":"agent-1","url":"https://example.com/","events":["a..b"],"secret":"s"}`:  "events[0]",
		`{"agentAid":"agent-1","url":"https://example.com/","events":["a"]}`:                  "secret",
		`{"agentAid":"agent 1","url":"https://example.com/","events":["a"],"secret":"s"}`:     "agentAid",
		`{"agentAid":"agent-1","events":["a"],"secret":"s"}`:                                  "url",
		`{"agentAid":"agent-1","url":"https://example.com/","eventTypes":["a"],"secret":"s"}`: "eventTypes",
	} {
		h.do(t, http.MethodPost, webhooks, body).names(t, field, "")
	}
	a := h.do(t, http.MethodPost, webhooks, `{"agentAid":"agent-1","url":"https://example.com/","events":["a","b.*"],"secret":"literal"}`)
	if a.Status != http.StatusCreated || strings.Contains(a.Text, "literal") {
		t.Fatalf("%d %s", a.Status, a.Text)
	}
	made := decoded[neiracore.AgentWebhook](t, a.Text)
	want := neiracore.AgentWebhook{ID: made.ID, AgentAid: "agent-1", URL: "https://example.com/", Events: []string{"a", "b.*"}, Status: "active", CreatedAt: made.CreatedAt}
	if diff := cmp.Diff(want, made); diff != "" || time.Since(made.CreatedAt) > time.Hour {
		t.Error(diff)
	}
	h.do(t, http.MethodPost, collection+"/"+made.ID+"/disable", "").one(t, http.StatusOK)
	want.Status = "paused"
	for _, path := range []string{webhooks + "/" + made.ID, webhooks + "/" + made.ID + "?agentAid=agent-1"} {
		if diff := cmp.Diff(want, decoded[neiracore.AgentWebhook](t, h.do(t, http.MethodGet, path, "").Text)); diff != "" {
			t.Error(diff)
		}
	}
	other := h.created(t, with(`"tenant":"agent-1"`)).ID
	if list := decoded[neiracore.AgentWebhookList](t, h.do(t, http.MethodGet, webhooks+"?agentAid=agent-1", "").Text).Data; len(list) != 1 || list[0].ID != made.ID {
		t.Errorf("%+v", list)
	}
	for _, method := range []string{http.MethodGet, http.MethodDelete} { // not one of these
		h.do(t, method, webhooks+"/"+other, "").refused(t, http.StatusNotFound, "not_found")
	}
	if a := h.do(t, http.MethodDelete, webhooks+"/"+made.ID, ""); a.Status != http.StatusOK || decoded[neiracore.AgentWebhook](t, a.Text).ID != made.ID {
		t.Errorf("%d %s", a.Status, a.Text)
	}
	h.do(t, http.MethodGet, webhooks+"/"+made.ID, "").refused(t, http.StatusNotFound, "not_found")
	if a := h.do(t, http.MethodGet, webhooks+"?agentAid=agent-1", ""); strings.TrimSpace(a.Text) != `{"data":[]}` {
		t.Errorf("%s", a.Text)
	}
}
