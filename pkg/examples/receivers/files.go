package receivers

import (
	"context"
	"embed"
	"fmt"
	"os"
	"path/filepath"
)

// Named one by one: a node_modules that somebody installed by hand stays out.
//
//go:embed serve.mjs neiracore/server.mjs neiracore/app aicity/*.mjs aicity/*.json agentrail/*.mjs agentrail/*.json
var files embed.FS

// unpack writes the scripts to a directory of their own, with the packages
// that k needs. The caller removes it.
func unpack(ctx context.Context, k kind) (string, error) {
	dir, err := os.MkdirTemp("", "posthaste-receiver-")
	if err != nil {
		return "", fmt.Errorf("make a directory for the receiver: %w", err)
	}
	if err := fill(ctx, dir, k); err != nil {
		_ = os.RemoveAll(dir) // what we report is why
		return "", err
	}
	return dir, nil
}

func fill(ctx context.Context, dir string, k kind) error {
	if err := os.CopyFS(dir, files); err != nil {
		return fmt.Errorf("write the receiver's scripts: %w", err)
	}
	if !k.npm {
		return nil
	}
	modules, err := shared.install(ctx, k.dir())
	if err != nil {
		return err
	}
	if err := os.Symlink(modules, filepath.Join(dir, k.dir(), modulesDir)); err != nil {
		return fmt.Errorf("link the packages: %w", err)
	}
	return nil
}
