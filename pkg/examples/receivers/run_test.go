package receivers

import (
	"context"
	"errors"
	"net"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"
)

// gone waits until nothing listens at the receiver's address any more.
func gone(t *testing.T, address string) {
	t.Helper()
	at, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	deadline := time.After(patience)
	for {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", at.Host)
		if err != nil {
			return
		}
		conn.Close()
		select {
		case <-deadline:
			t.Fatal("the receiver still listens")
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func TestStop(t *testing.T) {
	t.Parallel()
	for _, name := range Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := started(t, name)
			for range 2 {
				if err := r.Stop(); err != nil {
					t.Fatal(err)
				}
			}
			gone(t, r.URL)
			if _, err := os.Stat(r.dir); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("%s is left: %v", r.dir, err)
			}
			if _, err := r.Await(t.Context(), 1); !errors.Is(err, errEnded) {
				t.Errorf("Await: %v", err)
			}
		})
	}
}

func TestEndsWithContext(t *testing.T) {
	t.Parallel()
	skipWithoutNode(t)
	ctx, cancel := context.WithCancel(t.Context())
	r, err := Start(ctx, Neiracore, secret)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	<-r.ended
	gone(t, r.URL)
	if err := r.Stop(); err != nil {
		t.Error(err)
	}
}

func TestAwaitEndsWithContext(t *testing.T) {
	t.Parallel()
	r := started(t, Neiracore)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Await(ctx, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestStartRefuses(t *testing.T) {
	t.Parallel()
	if _, err := Start(t.Context(), "hono", secret); err == nil || !strings.Contains(err.Error(), AICityHono) {
		t.Errorf("an unknown name: %v", err)
	}
	for _, name := range Names() {
		if _, err := Start(t.Context(), name, ""); err == nil || !strings.Contains(err.Error(), "secret") {
			t.Errorf("%s without a secret: %v", name, err)
		}
	}
}

func TestStartWithDoneContext(t *testing.T) {
	t.Parallel()
	skipWithoutNode(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Start(ctx, Neiracore, secret); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// A script that cannot begin tells why, and leaves nothing.
func TestStartFails(t *testing.T) {
	t.Parallel()
	node := skipWithoutNode(t)
	k, err := find(Neiracore)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := unpack(t.Context(), k)
	if err != nil {
		t.Fatal(err)
	}
	_, err = launch(t.Context(), node, dir, k, "")
	if err == nil || !strings.Contains(err.Error(), "NEIRACORE_WEBHOOK_SECRET is not set") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is left: %v", dir, err)
	}
}

func skipWithoutNode(t *testing.T) string {
	t.Helper()
	node, err := findNode(t.Context())
	if errors.Is(err, ErrNoNode) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return node
}

func TestNoNode(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for _, name := range Names() {
		if _, err := Start(t.Context(), name, secret); !errors.Is(err, ErrNoNode) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOldNode(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/node", []byte("#!/bin/sh\necho v18.20.4\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	if _, err := Start(t.Context(), Neiracore, secret); !errors.Is(err, ErrNoNode) || !strings.Contains(err.Error(), "v18.20.4") {
		t.Errorf("got %v", err)
	}
}
