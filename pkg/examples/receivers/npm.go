package receivers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"time"
)

// npmPatience bounds npm ci: a few seconds with a registry.
const npmPatience = 2 * time.Minute

// fetch installs dir's packages as home, which is there whole or not at all.
func fetch(ctx context.Context, dir, home string) error {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNoPackages, err)
	}
	cache := filepath.Dir(home)
	if err := os.MkdirAll(cache, 0o700); err != nil {
		return fmt.Errorf("make a directory for the packages: %w", err)
	}
	work, err := os.MkdirTemp(cache, "install-")
	if err != nil {
		return fmt.Errorf("make a directory for the packages: %w", err)
	}
	defer func() { _ = os.RemoveAll(work) }() // it has moved, or is of no use
	if err := ci(ctx, npm, dir, work); err != nil {
		return err
	}
	return move(work, home)
}

// ci runs npm ci for dir's packages in work.
func ci(ctx context.Context, npm, dir, work string) error {
	for _, name := range packageFiles(dir) {
		text, err := files.ReadFile(name)
		if err != nil {
			return fmt.Errorf("read what to install: %w", err)
		}
		if err := os.WriteFile(filepath.Join(work, path.Base(name)), text, 0o600); err != nil {
			return fmt.Errorf("write what to install: %w", err)
		}
	}
	bounded, cancel := context.WithTimeout(ctx, npmPatience)
	defer cancel()
	// Scripts of packages don't run: none of these has any that it needs.
	cmd := command(bounded, npm, "ci", "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund",
		"--fetch-retries=1", "--fetch-retry-mintimeout=1000")
	cmd.Dir = work
	said := &tail{}
	cmd.Stdout, cmd.Stderr = said, said
	err := cmd.Run()
	if ctx.Err() != nil {
		return fmt.Errorf("install packages for %s: %w", dir, context.Cause(ctx))
	}
	if err != nil {
		return refused(dir, err, said.String())
	}
	return nil
}

var npmCode = regexp.MustCompile(`npm (?:error|ERR!) code (\w+)`)

// refused tells a registry that gives nothing, which is the machine's matter,
// from files of ours that npm refuses.
func refused(dir string, err error, said string) error {
	ours := []string{"EUSAGE", "EINTEGRITY", "EJSONPARSE", "ERESOLVE"}
	if code := npmCode.FindStringSubmatch(said); len(code) == 2 && slices.Contains(ours, code[1]) {
		return fmt.Errorf("npm ci in %s: %w\n%s", dir, err, said)
	}
	return fmt.Errorf("%w: npm ci for %s: %w\n%s", ErrNoPackages, dir, err, said)
}

// move puts the packages in place. Where another process was faster, its are as good.
func move(work, home string) error {
	err := os.Rename(work, home)
	if _, there := os.Stat(filepath.Join(home, modulesDir)); err != nil && there != nil {
		return fmt.Errorf("put the packages in place: %w", errors.Join(err, there))
	}
	return nil
}
