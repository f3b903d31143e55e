package cli

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/posthaste/posthaste/services/internal/settings"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const testKey = "k-very-secret-key-0123456789"

// testNow is the present of all tests.
func testNow() time.Time { return time.Date(2026, 1, 15, 10, 30, 0, 0, time.UTC) }

// api is a server that answers routes and keeps what it was asked.
type api struct {
	*httptest.Server
	mu    sync.Mutex
	asked []string
}

// serveAPI answers each route, such as "GET /v1/events", with a body. Statuses
// other than 200 stand before it: "404 {…}".
func serveAPI(tb testing.TB, routes map[string]string) *api {
	tb.Helper()
	a := &api{}
	mux := http.NewServeMux()
	for route, body := range routes {
		mux.HandleFunc(route, func(w http.ResponseWriter, r *http.Request) {
			sent, _ := io.ReadAll(r.Body)
			a.note(strings.TrimSpace(r.Method + " " + r.URL.RequestURI() + " " + string(sent)))
			if r.Header.Get("Authorization") != "Bearer "+testKey {
				respond(w, `401 {"error":{"code":"unauthorized","message":"The API key is not known.","details":{}}}`)
				return
			}
			respond(w, body)
		})
	}
	a.Server = httptest.NewServer(mux)
	tb.Cleanup(a.Close)
	return a
}

var statuses = map[string]int{"202 ": 202, "401 ": 401, "404 ": 404, "409 ": 409, "410 ": 410}

func respond(w http.ResponseWriter, body string) {
	for prefix, code := range statuses {
		if rest, ok := strings.CutPrefix(body, prefix); ok {
			w.WriteHeader(code)
			body = rest
		}
	}
	_, _ = io.WriteString(w, body)
}

func (a *api) note(request string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked = append(a.asked, request)
}

func (a *api) requests() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.asked
}

// result is what a run of the program shows.
type result struct {
	code     int
	out, err string
}

// run runs a verb, with an environment that names the server and the key.
func run(t *testing.T, a *api, stdin string, args ...string) result {
	t.Helper()
	return runEnv(t, []string{"POSTHASTE_URL=" + a.URL, "POSTHASTE_API_KEY=" + testKey}, stdin, args...)
}

func runEnv(t *testing.T, environ []string, stdin string, args ...string) result {
	t.Helper()
	var out, errs bytes.Buffer
	code := runTo(t.Context(), t, environ, Terminal{In: strings.NewReader(stdin), Out: &out, Err: &errs}, args...)
	return result{code, out.String(), errs.String()}
}

func runTo(ctx context.Context, t *testing.T, environ []string, terminal Terminal, args ...string) int {
	t.Helper()
	terminal.Now = testNow
	if terminal.KeyFile == "" {
		terminal.KeyFile = filepath.Join(t.TempDir(), "none")
	}
	return settings.Run(ctx, "posthaste", Commands(terminal), args, environ, terminal.Out, terminal.Err)
}

// a verbTest is a run against a server.
type verbTest struct {
	args   string // with spaces in between
	stdin  string
	routes map[string]string
	asked  []string
	want   result
}

func (test *verbTest) check(t *testing.T) {
	t.Helper()
	a := serveAPI(t, test.routes)
	got := run(t, a, test.stdin, strings.Fields(test.args)...)
	if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(result{})); diff != "" {
		t.Errorf("%s\n%s", test.args, diff)
	}
	if diff := cmp.Diff(test.asked, a.requests()); diff != "" {
		t.Errorf("%s asked:\n%s", test.args, diff)
	}
}

func checkAll(t *testing.T, tests map[string]verbTest) {
	t.Helper()
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.check(t)
		})
	}
}

func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
