package receivers

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"sync"
)

// ErrNoPackages says that npm is not there or cannot fetch what a receiver
// needs. A test that gets it cannot run here.
var ErrNoPackages = errors.New("no packages of npm")

const modulesDir = "node_modules"

// shared is the installer of the process, so that tests that run beside one
// another install once.
var shared installer

// An installer installs packages, one lot at a time. It remembers what failed:
// without a registry each further try would cost npm's time-outs again.
type installer struct {
	cache string // where the packages go; empty means the user's cache directory

	mu     sync.Mutex
	failed map[string]error // by directory of files
}

// install returns the node_modules that dir's lock file names. It stays in the
// cache under the hash of that file, so npm runs only where it has changed.
func (i *installer) install(ctx context.Context, dir string) (string, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if err := i.failed[dir]; err != nil {
		return "", err
	}
	modules, err := i.find(ctx, dir)
	if err != nil && ctx.Err() == nil {
		if i.failed == nil {
			i.failed = make(map[string]error)
		}
		i.failed[dir] = err
	}
	return modules, err
}

func (i *installer) find(ctx context.Context, dir string) (string, error) {
	cache, err := i.cacheDir()
	if err != nil {
		return "", err
	}
	key, err := packagesKey(dir)
	if err != nil {
		return "", err
	}
	home := filepath.Join(cache, dir+"-"+key)
	modules := filepath.Join(home, modulesDir)
	if _, err := os.Stat(modules); err == nil {
		return modules, nil
	}
	return modules, fetch(ctx, dir, home)
}

func (i *installer) cacheDir() (string, error) {
	if i.cache != "" {
		return i.cache, nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("%w: find a directory for them: %w", ErrNoPackages, err)
	}
	return filepath.Join(cache, "posthaste", "receivers"), nil
}

// packageFiles are what npm ci reads.
func packageFiles(dir string) []string {
	return []string{path.Join(dir, "package.json"), path.Join(dir, "package-lock.json")}
}

func packagesKey(dir string) (string, error) {
	hash := sha256.New()
	for _, name := range packageFiles(dir) {
		text, err := files.ReadFile(name)
		if err != nil {
			return "", fmt.Errorf("read what to install: %w", err)
		}
		_, _ = hash.Write(text) // a hash takes all
	}
	return hex.EncodeToString(hash.Sum(nil)[:8]), nil
}
