package stack

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"
)

// admin speaks to the admin address. A profile takes as long as it is asked to.
var admin = &http.Client{Timeout: 5 * time.Minute}

func (s *Stack) get(ctx context.Context, path string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.adminAddr+path, nil)
	if err != nil {
		return nil, err
	}
	res, err := admin.Do(req)
	if err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		defer res.Body.Close()
		text, _ := io.ReadAll(io.LimitReader(res.Body, 1<<10))
		return nil, fmt.Errorf("%s: %s: %s", path, res.Status, text)
	}
	return res.Body, nil
}

func (s *Stack) ready(ctx context.Context) error {
	body, err := s.get(ctx, "/readyz")
	if err != nil {
		return err
	}
	return body.Close()
}

// Profile writes a CPU profile of Posthaste over the next seconds to the file,
// and returns when it is written.
func (s *Stack) Profile(ctx context.Context, file string, seconds int) error {
	body, err := s.get(ctx, fmt.Sprintf("/debug/pprof/profile?seconds=%d", seconds))
	if err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	defer body.Close()
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, body); err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	return out.Close()
}

func dial(ctx context.Context, addr string) error {
	c, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	return c.Close()
}

// freeAddrs finds ports that nobody has.
func freeAddrs(ctx context.Context, n int) ([]string, error) {
	var addrs []string
	for range n {
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close() //nolint:gocritic,revive // held until all are found, or one port would be found twice
		addrs = append(addrs, l.Addr().String())
	}
	return addrs, nil
}
