package client

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
)

// call is one request, however often it is made.
type call struct {
	method string
	path   []string // elements after /v1, not escaped
	query  url.Values
	body   any // as JSON; nil for none
	// creates gives it an Idempotency-Key.
	creates bool
	// once says that making it twice is felt, and no key prevents that: it is
	// not made again once it may have arrived.
	once bool
}

func (k *call) name() string {
	name := k.method + " /v1"
	for _, element := range k.path {
		name += "/" + url.PathEscape(element)
	}
	return name
}

// check refuses elements that would name another path.
func (k *call) check() error {
	if slices.Contains(k.path, "") || slices.Contains(k.path, ".") || slices.Contains(k.path, "..") {
		return errors.New(`the id must not be empty, "." or ".."`)
	}
	return nil
}

// url is the call's address, with the tenant.
func (c *core) url(k *call) string {
	elements := []string{"v1"}
	for _, element := range k.path {
		elements = append(elements, url.PathEscape(element))
	}
	u := c.base.JoinPath(elements...)
	query := url.Values{}
	for name, values := range k.query {
		query[name] = values
	}
	if c.tenant != "" {
		query.Set("tenant", c.tenant)
	}
	u.RawQuery = query.Encode()
	return u.String()
}

// encode leaves < and > as they are: data should arrive as it was given.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("encode the request: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// do makes the call and decodes the answer into into, where that is not nil.
func (c *core) do(ctx context.Context, k call, into any) error {
	if err := c.run(ctx, &k, into); err != nil {
		return fmt.Errorf("%s: %w", k.name(), err)
	}
	return nil
}

func (c *core) run(ctx context.Context, k *call, into any) error {
	if err := k.check(); err != nil {
		return err
	}
	var body []byte
	if k.body != nil {
		var err error
		if body, err = encode(k.body); err != nil {
			return err
		}
	}
	key := ""
	if k.creates {
		key = rand.Text()
	}
	return c.retry(ctx, k.once, func() error {
		req, err := c.request(ctx, k, body)
		if err != nil {
			return err
		}
		if key != "" {
			req.Header.Set("Idempotency-Key", key)
		}
		return c.send(req, into)
	})
}

func (c *core) request(ctx context.Context, k *call, body []byte) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, k.method, c.url(k), bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("make the request: %w", err)
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", c.userAgent)
	if k.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	c.authorize(req)
	return req, nil
}
