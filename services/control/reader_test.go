package control

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/posthaste/posthaste/services/internal/testbed"
)

// reader is a client of a stream.
type reader struct {
	status int
	header http.Header
	frames chan string
	hangUp func()
}

// open streams from the path until the test ends.
func (h *harness) open(t *testing.T, key, path string, headers ...string) *reader {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, h.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+key)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := h.http.Do(r)
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	h.doc.check(t, r, resp.StatusCode)
	c := &reader{status: resp.StatusCode, header: resp.Header, frames: make(chan string, 100)}
	var reading sync.WaitGroup
	reading.Go(func() {
		defer close(c.frames)
		defer resp.Body.Close()
		var frame strings.Builder
		for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
			if lines.Text() != "" {
				frame.WriteString(lines.Text() + "\n")
				continue
			}
			c.frames <- frame.String()
			frame.Reset()
		}
	})
	c.hangUp = sync.OnceFunc(func() { cancel(); reading.Wait() })
	t.Cleanup(c.hangUp)
	return c
}

// next is the next frame, "" at the end.
func (c *reader) next(t *testing.T) string {
	t.Helper()
	select {
	case frame := <-c.frames:
		return frame
	case <-time.After(testbed.Patience):
		t.Fatal("no frame comes")
		return ""
	}
}

// data is that of the next event, whose name and id are as they should be.
func (c *reader) data(t *testing.T, id, name string) map[string]any {
	t.Helper()
	frame := c.next(t)
	text, ok := strings.CutPrefix(frame, "id: "+id+"\nevent: "+name+"\ndata: ")
	var v map[string]any
	text = strings.ReplaceAll(text, "\ndata: ", "\n") // as readers do
	if err := json.Unmarshal([]byte(text), &v); !ok || err != nil {
		t.Fatalf("frame %q, %v; want event %s %s", frame, err, id, name)
	}
	return v
}

func (c *reader) begins(t *testing.T) *reader {
	t.Helper()
	if c.status != http.StatusOK || c.header.Get("Content-Type") != "text/event-stream" || c.header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %v", c.status, c.header)
	}
	if frame := c.next(t); frame != "retry: 5000\n" {
		t.Fatalf("begins with %q", frame)
	}
	return c
}
