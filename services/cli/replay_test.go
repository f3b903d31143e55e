package cli

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/posthaste/posthaste/pkg/client"
)

func replayJSON(status, progress, delivered string) string {
	return `{"id":"rp_1","subscriptionId":"evsub_1","tenant":"acme","status":"` + status + `","since":"2026-01-15T08:30:00Z","until":null,"eventTypes":null,"only":null,"rate":0,` +
		`"progress":` + progress + `,"scanned":10,"delivered":` + delivered + `,"total":10,"createdAt":"2026-01-15T10:30:00Z","updatedAt":"2026-01-15T10:30:00Z"}`
}

func TestReplay(t *testing.T) {
	t.Parallel()
	running, done := replayJSON("running", "0", "0"), replayJSON("done", "1", "7")
	begin := map[string]string{"POST /v1/event-subscriptions/evsub_1/replay": `202 {"data":` + running + `}`}
	whole := map[string]string{"POST /v1/event-subscriptions/evsub_1/replay": `202 {"data":` + running + `}`, "GET /v1/replays/rp_1": `{"data":` + done + `}`}
	count := func(complete string) map[string]string {
		return map[string]string{"POST /v1/event-subscriptions/evsub_1/replay": `{"data":{"events":3,"scanned":9,"complete":` + complete + `}}`}
	}
	counted := []string{`POST /v1/event-subscriptions/evsub_1/replay {"dryRun":true}`}
	checkAll(t, map[string]verbTest{
		"waits": {
			args:   "replay evsub_1 --since 2h --until 2026-01-15T10:00:00Z --types a,b --only failed,missed --rate 2.5",
			asked:  []string{`POST /v1/event-subscriptions/evsub_1/replay {"since":"2026-01-15T08:30:00Z","until":"2026-01-15T10:00:00Z","eventTypes":["a","b"],"only":["failed","missed"],"rate":2.5}`, "GET /v1/replays/rp_1"},
			routes: whole, want: result{out: "replay rp_1: done, looked at 10, delivered 7\n", err: "replay rp_1: 100 %, 7 delivered\n"},
		},
		"JSON": {
			args: "replay evsub_1 --json", asked: []string{`POST /v1/event-subscriptions/evsub_1/replay {}`, "GET /v1/replays/rp_1"},
			routes: whole, want: result{out: done + "\n", err: "replay rp_1: 100 %, 7 delivered\n"},
		},
		"does not wait": {args: "replay evsub_1 --no-wait", asked: []string{`POST /v1/event-subscriptions/evsub_1/replay {}`}, routes: begin, want: result{out: "rp_1\n"}},
		"fails": {
			args: "replay evsub_1", asked: []string{`POST /v1/event-subscriptions/evsub_1/replay {}`, "GET /v1/replays/rp_1"},
			routes: map[string]string{
				"POST /v1/event-subscriptions/evsub_1/replay": `202 {"data":` + running + `}`,
				"GET /v1/replays/rp_1":                        `{"data":` + strings.Replace(replayJSON("failed", "0.5", "2"), `"total"`, `"error":"the subscription is gone","total"`, 1) + `}`,
			},
			want: result{
				code: 1, out: "replay rp_1: failed, looked at 10, delivered 2\n",
				err: "replay rp_1: 50 %, 2 delivered\nposthaste: replay rp_1 ended as failed the subscription is gone\n",
			},
		},
		"dry run": {args: "replay evsub_1 --dry-run", asked: counted, routes: count("true"), want: result{out: "events that would be delivered: 3 of 9\n"}},
		"dry run of many": {
			args: "replay evsub_1 --dry-run", asked: counted, routes: count("false"), want: result{out: "events that would be delivered: 3 or more; counting stopped after 9\n"},
		},
		"get": {args: "replay get rp_1", asked: []string{"GET /v1/replays/rp_1"}, routes: whole, want: result{out: "replay rp_1: done, looked at 10, delivered 7\n"}},
		"cancel": {
			args: "replay cancel rp_1", asked: []string{"DELETE /v1/replays/rp_1"}, routes: map[string]string{"DELETE /v1/replays/rp_1": `202 {"data":` + replayJSON("cancelled", "0.5", "2") + `}`},
			want: result{out: "replay rp_1: cancelled, looked at 10, delivered 2\n"},
		},
		"list": {
			args: "replay list evsub_1", asked: []string{"GET /v1/event-subscriptions/evsub_1/replays"},
			routes: map[string]string{"GET /v1/event-subscriptions/evsub_1/replays": `{"data":[` + done + `]}`},
			want:   result{out: "ID    STATUS  PROGRESS  DELIVERED  SINCE                 UNTIL  CREATED\nrp_1  done    100 %     7          2026-01-15T08:30:00Z         2026-01-15T10:30:00Z\n"},
		},
	})
}

// stopWriter ends a context with the first thing that is written.
type stopWriter struct {
	bytes.Buffer
	stop context.CancelFunc
}

func (w *stopWriter) Write(p []byte) (int, error) {
	w.stop()
	return w.Buffer.Write(p)
}

// TestReplayIsLeft: who stops waiting is told that the replay goes on.
func TestReplayIsLeft(t *testing.T) {
	t.Parallel()
	running := replayJSON("running", "0.25", "1")
	a := serveAPI(t, map[string]string{"POST /v1/event-subscriptions/evsub_1/replay": `202 {"data":` + running + `}`, "GET /v1/replays/rp_1": `{"data":` + running + `}`})
	ctx, stop := context.WithCancel(t.Context())
	var out bytes.Buffer
	errs := stopWriter{stop: stop}
	code := runTo(ctx, t, []string{"POSTHASTE_API_KEY=" + testKey}, Terminal{Out: &out, Err: &errs}, "replay", "evsub_1", "--url", a.URL)
	want := "replay rp_1: 25 %, 1 delivered\nposthaste: stopped waiting; the replay goes on, cancel it with: posthaste replay cancel rp_1\n"
	if diff := cmp.Diff(want, errs.String()); code != 1 || diff != "" || out.Len() != 0 {
		t.Error(code, out.String(), diff)
	}
	if asked := a.requests(); len(asked) != 2 {
		t.Errorf("asked %q", asked)
	}
}

func TestProgressLines(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := (&Terminal{Err: &out}).newProgress("rp_1")
	for _, done := range []float64{-1, 0, 0.05, 0.1, 0.19, 0.3, 2} {
		p.at(client.Replay{Progress: done, Delivered: 1})
	}
	p.end()
	want := "replay rp_1: 0 %, 1 delivered\nreplay rp_1: 10 %, 1 delivered\nreplay rp_1: 30 %, 1 delivered\nreplay rp_1: 100 %, 1 delivered\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}

func TestProgressBar(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := &progress{id: "rp_1", out: &out, bar: newBar(&out, "rp_1")}
	for _, done := range []float64{0, 0.5, 1} {
		p.at(client.Replay{Progress: done})
	}
	p.end()
	if text := out.String(); !strings.Contains(text, "replay rp_1") || !strings.Contains(text, "100%") || !strings.HasSuffix(text, "\n") || strings.Contains(text, "delivered") {
		t.Errorf("%q", text)
	}
}
