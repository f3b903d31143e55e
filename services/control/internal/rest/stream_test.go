package rest

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// client is a connection that takes so many frames, and notes how long each
// may take.
type client struct {
	*httptest.ResponseRecorder
	mu        sync.Mutex
	takes     int
	deadlines []time.Time
}

var errGone = errors.New("the client is gone")

func (c *client) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.takes--; c.takes < 0 {
		return 0, errGone
	}
	return c.ResponseRecorder.Write(p)
}

func (c *client) SetWriteDeadline(at time.Time) error {
	c.deadlines = append(c.deadlines, at)
	return nil
}

func writerTo(takes int) (*client, *EventWriter) {
	c := &client{ResponseRecorder: httptest.NewRecorder(), takes: takes}
	return c, &EventWriter{w: c, control: http.NewResponseController(c)}
}

func TestFrames(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]string{
		`{}`:              "data: {}\n",
		"{\n\"a\":1\n}":   "data: {\ndata: \"a\":1\ndata: }\n",
		"{\r\n\"a\":1\r}": "data: { \ndata: \"a\":1 }\n",
		"{}\n":            "data: {}\n",
	} {
		c, out := writerTo(1)
		if err := out.Event("7", "task.created", []byte(data)); err != nil {
			t.Fatal(err)
		}
		if got := c.Body.String(); got != "id: 7\nevent: task.created\n"+want+"\n" {
			t.Errorf("%q gives %q", data, got)
		}
		if !c.Flushed || len(c.deadlines) != 1 || time.Until(c.deadlines[0]) <= 0 {
			t.Errorf("flushed %t, deadlines %v", c.Flushed, c.deadlines)
		}
	}
}

// A client that takes nothing any more ends the feed, whichever writes first.
func TestServeEndsWithTheClient(t *testing.T) {
	t.Parallel()
	_, out := writerTo(0)
	if err := out.Serve(t.Context(), time.Hour, func(context.Context) error { t.Error("fed a client that is gone"); return nil }); !errors.Is(err, errGone) {
		t.Errorf("%v", err)
	}
	_, out = writerTo(1)
	err := out.Serve(t.Context(), time.Hour, func(context.Context) error { return out.Event("1", "a", nil) })
	if !errors.Is(err, errGone) {
		t.Errorf("%v", err)
	}
	c, out := writerTo(2) // retry, and one keepalive
	err = out.Serve(t.Context(), time.Millisecond, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
	if !errors.Is(err, context.Canceled) || !strings.Contains(c.Body.String(), ": keepalive\n\n") {
		t.Errorf("%v, wrote %q", err, c.Body)
	}
}
