package cli

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/posthaste/posthaste/services/internal/testbed"
)

// serveStream is a server whose first connection tells event 1 and breaks; the
// second tells 2 and 3 and stays.
func serveStream(t *testing.T) (url string, last func() []string) {
	t.Helper()
	var connections atomic.Int32
	asked := make(chan string, 100)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.URL.RequestURI() + " " + r.Header.Get("Last-Event-ID")
		fmt.Fprint(w, "retry: 5\n\n: keepalive\n\n")
		if connections.Add(1) == 1 {
			tell(w, 1)
			return
		}
		tell(w, 2)
		tell(w, 3)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	return server.URL, func() []string { return []string{<-asked, <-asked} }
}

func tell(w http.ResponseWriter, n int) {
	fmt.Fprintf(w, "id: c%d\nevent: task.created\ndata: {\"id\":\"e%d\",\"type\":\"task.created\",\"timestamp\":\"2026-01-15T10:30:00.000Z\",\"data\":{\"n\":%d},\"tenant\":\"acme\",\"sequence\":%d}\n\n", n, n, n, n)
}

// runUntil runs a verb, and stops it once so many lines are out.
func runUntil(t *testing.T, lines int, args ...string) (out, errs string) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var o, e testbed.Log
	code := make(chan int, 1)
	go func() {
		code <- runTo(ctx, t, []string{"POSTHASTE_API_KEY=" + testKey}, Terminal{Out: &o, Err: &e}, args...)
	}()
	testbed.Eventually(t, "lines of "+args[0], func() bool { return strings.Count(o.String(), "\n") >= lines })
	stop()
	if c := <-code; c != 0 {
		t.Errorf("exit code %d: %s", c, e.String())
	}
	return o.String(), e.String()
}

func TestTail(t *testing.T) {
	t.Parallel()
	url, asked := serveStream(t)
	out, errs := runUntil(t, 3, "events", "tail", "--url", url, "--types=task.*", "--cursor=c0")
	want := `2026-01-15T10:30:00Z  task.created  e1  {"n":1}
2026-01-15T10:30:00Z  task.created  e2  {"n":2}
2026-01-15T10:30:00Z  task.created  e3  {"n":3}
`
	if diff := cmp.Diff(want, out); diff != "" || !strings.HasPrefix(errs, "connecting again in ") || !strings.HasSuffix(errs, ": the server ended the stream\n") {
		t.Error(errs, diff)
	}
	const uri = "/v1/events/stream?cursor=c0&heartbeatSeconds=15&types=task.%2A"
	if diff := cmp.Diff([]string{uri + " ", uri + " c1"}, asked()); diff != "" {
		t.Error(diff)
	}
}

// TestListen: each event is POSTed once, signed, also after one that the
// receiver refuses and over a broken stream.
func TestListen(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"standard", "agentrail"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, asked := serveStream(t)
			var posts atomic.Int32
			r := receive(t, name, testSecret, func(w http.ResponseWriter, _ *http.Request) {
				if posts.Add(1) == 1 {
					w.WriteHeader(http.StatusInternalServerError)
				}
			})
			out, errs := runUntil(t, 3, "listen", "--forward-to", r.URL, "--url", url, "--types=task.*", "--dialect", name, "--secret", testSecret)
			want := `2026-01-15T10:30:00Z  task.created  e1  500  0.0 ms
2026-01-15T10:30:00Z  task.created  e2  200  0.0 ms
2026-01-15T10:30:00Z  task.created  e3  200  0.0 ms
`
			if diff := cmp.Diff(want, out); diff != "" || !strings.HasPrefix(errs, "forwarding to "+r.URL+" in the dialect "+name+"\n") {
				t.Error(errs, diff)
			}
			all := r.all(t)
			for i, d := range all {
				if d.Event.ID != fmt.Sprintf("e%d", i+1) || string(d.Event.Data) != fmt.Sprintf(`{"n":%d}`, i+1) || d.Event.Type != "task.created" {
					t.Errorf("event %d: %+v", i, d.Event)
				}
			}
			if len(all) != 3 || asked()[1] != "/v1/events/stream?heartbeatSeconds=15&types=task.%2A c1" {
				t.Errorf("%d came", len(all))
			}
		})
	}
}

// TestListenWithoutReceiver: nobody being there is shown, and the events go on.
func TestListenWithoutReceiver(t *testing.T) {
	t.Parallel()
	url, _ := serveStream(t)
	out, errs := runUntil(t, 3, "listen", "--forward-to=http://127.0.0.1:1/", "--url", url, "--json")
	lines := strings.Split(out, "\n")
	want := `{"time":"2026-01-15T10:30:00Z","type":"task.created","id":"e2","status":null,"durationMs":0,"error":"dial tcp 127.0.0.1:1: connect: connection refused"}`
	if len(lines) != 4 || lines[1] != want || !strings.HasPrefix(errs, "no secret is given, so this one signs: whsec_") {
		t.Error(out, errs)
	}
}

func TestListenIsRefused(t *testing.T) {
	t.Parallel()
	checkAll(t, map[string]verbTest{
		"an expired cursor": {
			args: "listen --forward-to http://127.0.0.1:1/ --cursor c0 --secret " + testSecret, asked: []string{"GET /v1/events/stream?cursor=c0&heartbeatSeconds=15"},
			routes: map[string]string{"GET /v1/events/stream": `410 {"error":{"code":"cursor_expired","message":"The cursor has expired.","details":{}}}`},
			want: result{
				code: 1, err: "forwarding to http://127.0.0.1:1/ in the dialect standard\nposthaste: GET /v1/events/stream: 410 cursor_expired: The cursor has expired.\n",
			},
		},
	})
}
