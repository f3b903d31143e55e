package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// maxAnswer bounds how much of an answer, or of one event of a stream, is read.
const maxAnswer = 16 << 20

// ErrTooLarge says that an answer had more than 16 MiB.
var ErrTooLarge = errors.New("the answer is larger than 16 MiB")

// lostError says that there was no whole answer.
type lostError struct{ err error }

func (e *lostError) Error() string { return e.err.Error() }
func (e *lostError) Unwrap() error { return e.err }

// lost drops the URL, which the caller's text has already.
func lost(err error) error {
	var outer *url.Error
	if errors.As(err, &outer) {
		err = outer.Err
	}
	return &lostError{err}
}

// send makes one attempt.
func (c *core) send(req *http.Request, into any) error {
	resp, err := c.http.Do(req)
	if err != nil {
		return lost(err)
	}
	defer resp.Body.Close()
	body, err := readBounded(resp.Body)
	switch {
	case err != nil:
		return err
	case resp.StatusCode < 200 || resp.StatusCode > 299:
		return newError(resp, body)
	case into == nil:
		return nil
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("the answer with status %d is not as expected; is the base URL that of Posthaste's API? %w", resp.StatusCode, err)
	}
	return nil
}

func readBounded(r io.Reader) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r, maxAnswer+1))
	if err != nil {
		return nil, lost(err)
	}
	if len(body) > maxAnswer {
		return nil, ErrTooLarge
	}
	return body, nil
}

// fetch makes a call whose answer is a T.
func fetch[T any](ctx context.Context, c *core, k call) (*T, error) {
	into := new(T)
	if err := c.do(ctx, k, into); err != nil {
		return nil, err
	}
	return into, nil
}

// enveloped is an answer that holds a T in data.
type enveloped[T any] struct {
	Data T `json:"data"`
}

// fetchData makes a call whose answer is enveloped.
func fetchData[T any](ctx context.Context, c *core, k call) (*T, error) {
	into, err := fetch[enveloped[T]](ctx, c, k)
	if err != nil {
		return nil, err
	}
	return &into.Data, nil
}

// fetchList makes a call whose answer holds a list in data.
func fetchList[T any](ctx context.Context, c *core, k call) ([]T, error) {
	list, err := fetchData[[]T](ctx, c, k)
	if err != nil {
		return nil, err
	}
	return *list, nil
}
