package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

// admin speaks to the admin address. A profile takes as long as it is asked to.
var admin = &http.Client{Timeout: 5 * time.Minute}

// profile writes a CPU profile of Posthaste over the next seconds to the file
// that was asked for, and returns when it is written.
func (s *stack) profile(ctx context.Context, file string, seconds int) error {
	url := fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", s.adminAddr, seconds)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	res, err := admin.Do(req)
	if err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	defer res.Body.Close()
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, res.Body); err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	return out.Close()
}
