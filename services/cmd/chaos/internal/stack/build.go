package stack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Binaries are the programs of a stack.
type Binaries struct {
	Posthaste, NATS, Redis string
}

// ErrNoRedis says that a real Redis is missing: the embedded one has no process
// that could be killed.
var ErrNoRedis = errors.New("redis-server is not on PATH; it is needed, for it is killed here (Debian: apt-get install redis-server)")

// Build builds what the paths do not name, with the build tags, and finds
// redis-server. remove ends what it made.
func Build(ctx context.Context, named Binaries, tags string) (b Binaries, remove func(), err error) {
	b = named
	if b.Redis, err = exec.LookPath("redis-server"); err != nil {
		return b, nil, ErrNoRedis
	}
	dir, err := os.MkdirTemp("", "posthaste-chaos-")
	if err != nil {
		return b, nil, err
	}
	remove = func() { _ = os.RemoveAll(dir) }
	for _, each := range []struct {
		path       *string
		name, tags string
		pkg        string
	}{
		{&b.Posthaste, "posthaste", tags, "github.com/posthaste/posthaste/services/cmd/posthaste"},
		{&b.NATS, "nats-server", "", "github.com/nats-io/nats-server/v2"},
	} {
		if *each.path != "" {
			continue
		}
		*each.path = filepath.Join(dir, each.name)
		cmd := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-tags", each.tags, "-o", *each.path, each.pkg)
		if out, err := cmd.CombinedOutput(); err != nil {
			remove()
			return b, nil, fmt.Errorf("build %s: %w: %s", each.name, err, out)
		}
	}
	return b, remove, nil
}
