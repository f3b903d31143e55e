package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// connect streams until the connection ends, and never returns nil.
func (st *stream) connect(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	silence := silentBeats * st.options.Heartbeat
	dead := time.AfterFunc(silence, func() { cancel(ErrSilent) })
	defer dead.Stop()
	req, err := st.request(ctx)
	if err != nil {
		return err
	}
	streaming := *st.core.http
	streaming.Timeout = 0
	resp, err := streaming.Do(req)
	if err != nil {
		return silent(ctx, lost(err))
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		body, err := readBounded(resp.Body)
		if err != nil {
			return err
		}
		return newError(resp, body)
	}
	return silent(ctx, st.read(&watched{r: resp.Body, dead: dead, silence: silence}))
}

func (st *stream) request(ctx context.Context) (*http.Request, error) {
	o := st.options
	q := query{}.list("types", o.Types).text("cursor", o.Cursor).number("heartbeatSeconds", int(o.Heartbeat/time.Second))
	k := st.call()
	k.query = url.Values(q)
	req, err := st.core.request(ctx, &k, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "text/event-stream")
	if st.lastID != "" {
		req.Header.Set("Last-Event-ID", st.lastID) // it wins over the cursor
	}
	return req, nil
}

// read hands on events until the stream ends.
func (st *stream) read(r io.Reader) error {
	f := newFrames(r, st.lastID)
	for {
		next, err := f.next()
		if f.retry > 0 && f.retry != st.retry {
			st.retry, st.waits = f.retry, nil
		}
		switch {
		case errors.Is(err, io.EOF):
			return &lostError{errEnded}
		case errors.Is(err, errFrameTooLarge):
			return err
		case err != nil:
			return lost(err)
		}
		var e Event
		if err := json.Unmarshal([]byte(next.data), &e); err != nil {
			return fmt.Errorf("decode the event with cursor %.64q: %w", f.lastID, err)
		}
		e.Cursor = f.lastID
		if err := st.handle(e); err != nil {
			return handleError{err}
		}
		st.lastID, st.waits = f.lastID, nil
	}
}

// silent names the end that the watch made.
func silent(ctx context.Context, err error) error {
	if errors.Is(context.Cause(ctx), ErrSilent) {
		return &lostError{ErrSilent}
	}
	return err
}

// watched is alive while a Read does not take longer than silence. The time
// between two Reads is the handler's.
type watched struct {
	r       io.Reader
	dead    *time.Timer
	silence time.Duration
}

func (w *watched) Read(p []byte) (int, error) {
	w.dead.Reset(w.silence)
	defer w.dead.Stop()
	return w.r.Read(p)
}
