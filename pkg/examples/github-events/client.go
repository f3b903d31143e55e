package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// client calls Posthaste's HTTP API.
type client struct {
	options
	http *http.Client
}

func newClient(o options) *client {
	return &client{o, &http.Client{Transport: &http.Transport{}, Timeout: 30 * time.Second}}
}

func (c *client) close() { c.http.CloseIdleConnections() }

// subscribe registers the endpoint for everything.
func (c *client) subscribe(ctx context.Context, url, secret string) (id string, err error) {
	body, err := json.Marshal(map[string]any{
		"url": url, "secret": secret, "eventTypes": []string{"*"}, "tenant": tenant,
	})
	if err != nil {
		return "", fmt.Errorf("encode subscription: %w", err)
	}
	var made struct {
		Data struct{ ID string }
	}
	err = c.call(ctx, http.MethodPost, c.control+"/v1/event-subscriptions", body, &made)
	return made.Data.ID, err
}

// tenant keeps the examples away from other subscriptions on the same
// Posthaste.
const tenant = "github-events"

func (c *client) unsubscribe(ctx context.Context, id string) {
	// It is tidiness only: nobody publishes for the tenant any more.
	_ = c.call(ctx, http.MethodDelete, c.control+"/v1/event-subscriptions/"+id, nil, nil)
}

// batch is how many events go in one request.
const batch = 100

// publish sends all payloads. run tells this run's events from those of one
// before, which would count as repeats.
func (c *client) publish(ctx context.Context, payloads []payload) error {
	run := strconv.FormatInt(time.Now().UnixNano(), 36)
	for len(payloads) > 0 {
		n := min(batch, len(payloads))
		if err := c.call(ctx, http.MethodPost, c.api+"/v1/events", encode(payloads[:n], run), nil); err != nil {
			return err
		}
		payloads = payloads[n:]
	}
	return nil
}

// encode writes the array by hand: encoding/json compacts raw data, and these
// are to keep their white space. None of the names needs escaping.
func encode(payloads []payload, run string) []byte {
	var b bytes.Buffer
	for i, p := range payloads {
		separator := ","
		if i == 0 {
			separator = "["
		}
		fmt.Fprintf(&b, `%s{"id":"%s_%s","tenant":"%s","type":"%s","data":`, separator, p.ID, run, tenant, p.EventType)
		b.Write(p.Data)
		b.WriteByte('}')
	}
	b.WriteByte(']')
	return b.Bytes()
}

func (c *client) call(ctx context.Context, method, url string, body []byte, into any) error {
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, url, err)
	}
	req.Header.Set("Authorization", "Bearer "+c.key)
	req.Header.Set("Content-Type", "application/json")
	res, err := c.http.Do(req)
	if err != nil {
		return err // names the method and the URL
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, url, err)
	}
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("%s %s: %s: %s", method, url, res.Status, answer)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return fmt.Errorf("%s %s: %w", method, url, err)
	}
	return nil
}
