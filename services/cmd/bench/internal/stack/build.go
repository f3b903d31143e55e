package stack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Build builds the posthaste binary where none is named. remove ends what it
// made.
func Build(ctx context.Context, binary string) (path string, remove func(), err error) {
	if binary != "" {
		return binary, func() {}, nil
	}
	dir, err := os.MkdirTemp("", "posthaste-bench-")
	if err != nil {
		return "", nil, err
	}
	path = filepath.Join(dir, "posthaste")
	cmd := exec.CommandContext(ctx, "go", "build", "-o", path, "github.com/posthaste/posthaste/services/cmd/posthaste")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", nil, errors.Join(fmt.Errorf("build posthaste: %w: %s", err, out), os.RemoveAll(dir))
	}
	return path, func() { _ = os.RemoveAll(dir) }, nil
}
