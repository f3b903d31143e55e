package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// producer speaks to Posthaste's API.
type producer struct {
	base   string
	client *http.Client
	filler string
}

func newProducer(addr string, o options) *producer {
	return &producer{
		base:   "http://" + addr,
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: o.clients}, Timeout: 30 * time.Second},
		filler: strings.Repeat("x", max(0, o.payload-len(`{`+sentMark+`0000000000000000000,"filler":""}`))),
	}
}

func (p *producer) call(ctx context.Context, path string, body []byte, want int) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.base+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+apiKey)
	req.Header.Set("Content-Type", "application/json")
	res, err := p.client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return err
	}
	if res.StatusCode != want {
		return fmt.Errorf("%s: %s: %s", path, res.Status, text)
	}
	return nil
}

// subscribe makes n subscriptions to the receiver.
func (p *producer) subscribe(ctx context.Context, r *receiver, n int) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(8)
	for i := range n {
		group.Go(func() error {
			body, err := json.Marshal(map[string]any{"url": r.url(i), "eventTypes": []string{"bench.event"}})
			if err != nil {
				return err
			}
			return p.call(ctx, "/v1/event-subscriptions", body, http.StatusCreated)
		})
	}
	return group.Wait()
}

func (p *producer) appendEvent(b []byte) []byte {
	return fmt.Appendf(b, `{"type":"bench.event","data":{%s%019d,"filler":"%s"}}`, sentMark, time.Now().UnixNano(), p.filler)
}

// publish sends one request with that many events.
func (p *producer) publish(ctx context.Context, batch int) error {
	if batch == 1 {
		return p.call(ctx, "/v1/events", p.appendEvent(nil), http.StatusAccepted)
	}
	body := []byte{'['}
	for i := range batch {
		if i > 0 {
			body = append(body, ',')
		}
		body = p.appendEvent(body)
	}
	return p.call(ctx, "/v1/events", append(body, ']'), http.StatusAccepted)
}

// flood sends events as fast as they are taken.
func (p *producer) flood(ctx context.Context, events, batch, clients int) error {
	var left atomic.Int64
	left.Store(int64(events))
	group, ctx := errgroup.WithContext(ctx)
	for range clients {
		group.Go(func() error {
			for {
				after := left.Add(-int64(batch))
				n := min(batch, int(after)+batch)
				if n <= 0 {
					return nil
				}
				if err := p.publish(ctx, n); err != nil {
					return err
				}
			}
		})
	}
	return group.Wait()
}

// pace sends events at a steady rate, none waiting for another.
func (p *producer) pace(ctx context.Context, events, rate int) error {
	group, ctx := errgroup.WithContext(ctx)
	ticker := time.NewTicker(time.Second / time.Duration(rate))
	defer ticker.Stop()
	for range events {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return group.Wait()
		}
		group.Go(func() error { return p.publish(ctx, 1) })
	}
	return group.Wait()
}
