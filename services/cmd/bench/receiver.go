package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// receiver answers 204 to every POST and notes how old its event is.
type receiver struct {
	server *http.Server
	addr   string

	count atomic.Int64
	mu    sync.Mutex
	ages  []time.Duration
	last  atomic.Int64 // unix nanoseconds
}

// sentMark stands before the time of publishing in an event's data.
const sentMark = `"sentUnixNano":`

func newReceiver(ctx context.Context) (*receiver, error) {
	l, err := listen(ctx)
	if err != nil {
		return nil, err
	}
	r := &receiver{addr: l.Addr().String()}
	r.server = &http.Server{Handler: http.HandlerFunc(r.take), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = r.server.Serve(l) }() // ends with close
	return r, nil
}

func (r *receiver) close() { _ = r.server.Close() }

// url differs by subscription, as real endpoints do.
func (r *receiver) url(i int) string { return fmt.Sprintf("http://%s/hooks/%d", r.addr, i) }

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func (r *receiver) take(w http.ResponseWriter, req *http.Request) {
	buffer := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(buffer)
	buffer.Reset()
	if _, err := io.Copy(buffer, req.Body); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	now := time.Now()
	if sent, ok := sentAt(buffer.Bytes()); ok {
		r.mu.Lock()
		r.ages = append(r.ages, now.Sub(sent))
		r.mu.Unlock()
	}
	r.last.Store(now.UnixNano())
	r.count.Add(1)
	w.WriteHeader(http.StatusNoContent)
}

func sentAt(body []byte) (time.Time, bool) {
	_, rest, ok := bytes.Cut(body, []byte(sentMark))
	if !ok || len(rest) < 19 {
		return time.Time{}, false
	}
	nanos, err := strconv.ParseInt(string(rest[:19]), 10, 64)
	return time.Unix(0, nanos), err == nil
}

// reset forgets what came, with room for n more.
func (r *receiver) reset(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ages = make([]time.Duration, 0, n)
	r.count.Store(0)
}

// await waits for n POSTs. It gives up when none has come for a while.
func (r *receiver) await(ctx context.Context, n int) error {
	const patience = 30 * time.Second
	seen, since := int64(-1), time.Now()
	for {
		count := r.count.Load()
		switch {
		case count >= int64(n):
			return nil
		case count != seen:
			seen, since = count, time.Now()
		case time.Since(since) > patience:
			return fmt.Errorf("%d of %d deliveries arrived, and none for %s", count, n, patience)
		}
		select {
		case <-ctx.Done():
			return errors.New("interrupted")
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// quantiles are those of the ages.
func (r *receiver) quantiles() (p50, p99 time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.ages) == 0 {
		return 0, 0
	}
	slices.Sort(r.ages)
	return r.ages[len(r.ages)/2], r.ages[len(r.ages)*99/100]
}
