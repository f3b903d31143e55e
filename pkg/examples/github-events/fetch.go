package main

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

const (
	npmPackage = "@octokit/webhooks-examples"
	// indexFile holds the examples of github.com; the others are of older
	// GitHub Enterprise servers.
	indexFile = "package/api.github.com/index.json"
	// maxIndex bounds what is unpacked, in bytes.
	maxIndex = 64 << 20
)

// load reads the payloads from the archive, which npm fetches where none is
// given.
func load(ctx context.Context, archive string) ([]payload, error) {
	if archive == "" {
		dir, err := os.MkdirTemp("", "github-events-")
		if err != nil {
			return nil, fmt.Errorf("make directory for npm: %w", err)
		}
		defer func() { _ = os.RemoveAll(dir) }() // it is in the system's own place for such
		if archive, err = npmPack(ctx, dir); err != nil {
			return nil, err
		}
	}
	file, err := os.Open(archive)
	if err != nil {
		return nil, fmt.Errorf("open archive: %w", err)
	}
	defer file.Close()
	index, err := unpack(file, indexFile)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", archive, err)
	}
	return readIndex(index)
}

// npmPack downloads the package's archive into dir. It installs nothing and
// runs nothing of the package.
func npmPack(ctx context.Context, dir string) (string, error) {
	cmd := exec.CommandContext(ctx, "npm", "pack", npmPackage, "--silent", "--ignore-scripts")
	cmd.Dir = dir
	if text, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("npm pack %s: %w: %.300s", npmPackage, err, text)
	}
	found, err := filepath.Glob(filepath.Join(dir, "*.tgz"))
	if err != nil || len(found) != 1 {
		return "", fmt.Errorf("npm pack %s left %d archives, want 1", npmPackage, len(found))
	}
	return found[0], nil
}

// unpack returns one file of a tar.gz.
func unpack(archive io.Reader, name string) ([]byte, error) {
	plain, err := gzip.NewReader(archive)
	if err != nil {
		return nil, fmt.Errorf("unzip: %w", err)
	}
	files := tar.NewReader(plain)
	for {
		header, err := files.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil, fmt.Errorf("it has no %s", name)
		case err != nil:
			return nil, fmt.Errorf("untar: %w", err)
		case header.Name == name:
			return io.ReadAll(io.LimitReader(files, maxIndex))
		}
	}
}
