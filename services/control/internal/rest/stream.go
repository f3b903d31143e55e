package rest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/posthaste/posthaste/services/internal/httpserver"
)

// Streamer writes an answer without an end. It returns when ctx ends.
type Streamer func(ctx context.Context, out *EventWriter)

// MediaEvents is what a stream of server-sent events is.
const MediaEvents = "text/event-stream"

// Stream puts an operation on the API whose answer is a stream of server-sent
// events (https://html.spec.whatwg.org/multipage/server-sent-events.html).
// What is wrong with the request is answered before it begins.
func Stream[I any](a *API, op Operation, open func(context.Context, *I) (Streamer, error)) {
	described := a.describeOperation(op)
	a.endless[op.Method+" "+op.Path] = true
	described.Responses["200"] = &huma.Response{
		Description: "Frames with id, event and data, after retry: 5000.",
		Content:     map[string]*huma.MediaType{MediaEvents: {Schema: &huma.Schema{Type: huma.TypeString}}},
	}
	huma.Register(a.huma, described, answering(a, func(ctx context.Context, in *I) (*huma.StreamResponse, error) {
		stream, err := open(ctx, in)
		if err != nil {
			return nil, err
		}
		return &huma.StreamResponse{Body: func(hctx huma.Context) { serve(hctx, stream) }}, nil
	}))
}

func serve(hctx huma.Context, stream Streamer) {
	hctx.SetHeader("Content-Type", MediaEvents)
	hctx.SetHeader("Cache-Control", "no-store")
	hctx.SetHeader("X-Accel-Buffering", "no") // nginx would hold frames back
	hctx.SetStatus(http.StatusOK)
	out := &EventWriter{w: hctx.BodyWriter()}
	if w, ok := out.w.(http.ResponseWriter); ok {
		out.control = http.NewResponseController(w)
		_ = out.control.SetReadDeadline(time.Time{}) // the server's is for requests: it would end the stream
	}
	ctx, stop := context.WithCancel(hctx.Context())
	defer stop()
	if hctx.Method() == http.MethodHead {
		stop() // nothing is sent, and what the client asks next waits for the end
	}
	stream(ctx, out)
}

// EventWriter writes server-sent events. Safe for concurrent use.
type EventWriter struct {
	mu      sync.Mutex
	w       io.Writer
	control *http.ResponseController
	frame   bytes.Buffer
	wrote   time.Time
}

const (
	// reconnectMs is when a client whose stream broke off connects again
	// (AgentRail).
	reconnectMs = 5000
	// writeTimeout is how long a client may take for one frame.
	writeTimeout = 30 * time.Second
)

// Serve runs feed, which writes events, and says that the stream is alive when
// nothing was written for as long as heartbeat. It returns when ctx ends, the
// server stops, or the client takes nothing any more.
func (e *EventWriter) Serve(ctx context.Context, heartbeat time.Duration, feed func(context.Context) error) error {
	if err := e.text(fmt.Sprintf("retry: %d\n\n", reconnectMs)); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var beating sync.WaitGroup
	beating.Go(func() {
		defer cancel() // a client that takes no heartbeat takes no event
		e.beat(ctx, heartbeat)
	})
	err := feed(ctx)
	cancel()
	beating.Wait()
	return err
}

func (e *EventWriter) beat(ctx context.Context, every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-httpserver.Stopping(ctx):
			return
		case now := <-ticker.C:
			if e.silentSince(now) < every/2 {
				continue
			}
			if e.text(": keepalive\n\n") != nil {
				return
			}
		}
	}
}

func (e *EventWriter) silentSince(now time.Time) time.Duration {
	e.mu.Lock()
	defer e.mu.Unlock()
	return now.Sub(e.wrote)
}

// Event writes one frame. Each line of data gets a line of its own, which
// readers join again.
func (e *EventWriter) Event(id, name string, data []byte) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.frame.Reset()
	fmt.Fprintf(&e.frame, "id: %s\nevent: %s\n", id, name)
	for line := range bytes.Lines(bytes.ReplaceAll(data, []byte("\r"), []byte(" "))) {
		e.frame.WriteString("data: ")
		e.frame.Write(bytes.TrimSuffix(line, []byte("\n")))
		e.frame.WriteByte('\n')
	}
	e.frame.WriteByte('\n')
	return e.send(e.frame.Bytes())
}

func (e *EventWriter) text(frame string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.send([]byte(frame))
}

// send is called with the lock held.
func (e *EventWriter) send(frame []byte) error {
	if e.control != nil {
		// Not every writer has deadlines; then the connection's end ends it.
		_ = e.control.SetWriteDeadline(time.Now().Add(writeTimeout))
	}
	if _, err := e.w.Write(frame); err != nil {
		return fmt.Errorf("write frame: %w", err)
	}
	e.wrote = time.Now()
	if e.control == nil {
		return nil
	}
	if err := e.control.Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return fmt.Errorf("flush frame: %w", err)
	}
	return nil
}
