package load

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Producer speaks to Posthaste's API.
type Producer struct {
	base, key string
	client    *http.Client
	// patience is how long a request that was answered 503, or not at all, is
	// repeated.
	patience time.Duration
}

// NewProducer makes one that keeps that many connections.
func NewProducer(addr, key string, connections int) *Producer {
	transport := &http.Transport{MaxIdleConns: connections, MaxIdleConnsPerHost: connections}
	return &Producer{base: "http://" + addr, key: key, client: &http.Client{Transport: transport, Timeout: 30 * time.Second}}
}

// Patient repeats for so long what fails because something is away. The events
// have ids, so nothing is published twice, and keep the time at which they
// were made.
func (p *Producer) Patient(patience time.Duration) { p.patience = patience }

// Close ends the connections.
func (p *Producer) Close() { p.client.CloseIdleConnections() }

// call sends a POST and returns the answer's body.
func (p *Producer) call(ctx context.Context, path string, body []byte, want int) ([]byte, error) {
	for begin := time.Now(); ; {
		text, again, err := p.once(ctx, path, body, want)
		if err == nil || !again || ctx.Err() != nil || time.Since(begin) > p.patience {
			return text, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// once also says whether repeating it may help.
func (p *Producer) once(ctx context.Context, path string, body []byte, want int) (text []byte, again bool, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, false, err
	}
	req.Header.Set("Authorization", "Bearer "+p.key)
	req.Header.Set("Content-Type", "application/json")
	res, err := p.client.Do(req)
	if err != nil {
		return nil, true, err
	}
	defer res.Body.Close()
	if text, err = io.ReadAll(io.LimitReader(res.Body, 1<<20)); err != nil {
		return nil, true, err
	}
	if res.StatusCode != want {
		return nil, res.StatusCode == http.StatusServiceUnavailable, fmt.Errorf("%s: %s: %s", path, res.Status, text)
	}
	return text, false, nil
}

// Subscription is a wish for the events of a source.
type Subscription struct {
	Tenant, URL, Type string
	// Delays are the waits between attempts; empty for the dialect's.
	Delays []string
}

// Subscribe makes the subscription, which no failure disables, and returns its
// id.
func (p *Producer) Subscribe(ctx context.Context, s Subscription) (id string, err error) {
	wish := map[string]any{"tenant": s.Tenant, "url": s.URL, "eventTypes": []string{s.Type}, "disableAfter": 0}
	if len(s.Delays) > 0 {
		wish["retryPolicy"] = map[string]any{"delays": s.Delays}
	}
	body, err := json.Marshal(wish)
	if err != nil {
		return "", err
	}
	text, err := p.call(ctx, "/v1/event-subscriptions", body, http.StatusCreated)
	if err != nil {
		return "", err
	}
	var made struct{ Data struct{ ID string } }
	if err := json.Unmarshal(text, &made); err != nil {
		return "", fmt.Errorf("answer to a subscription: %w", err)
	}
	return made.Data.ID, nil
}

// Publish sends one request with the next events of the source.
func (p *Producer) Publish(ctx context.Context, s *Source, batch int) error {
	if batch == 1 {
		_, err := p.call(ctx, "/v1/events", s.appendEvent(nil), http.StatusAccepted)
		return err
	}
	body := []byte{'['}
	for i := range batch {
		if i > 0 {
			body = append(body, ',')
		}
		body = s.appendEvent(body)
	}
	_, err := p.call(ctx, "/v1/events", append(body, ']'), http.StatusAccepted)
	return err
}
