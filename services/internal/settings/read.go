package settings

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

const (
	maxConfigBytes = 1 << 20 // far above any file that a person writes
	maxSecretBytes = 64 << 10
)

// readBounded reads a file of at most limit bytes. where says who named it.
func readBounded(where, path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, unreadable(where, path, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, unreadable(where, path, err)
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%s: file %s is too large, expected at most %s", where, quoted(path), Bytes(limit))
	}
	return data, nil
}

// unreadable keeps only the cause: os names the path again.
func unreadable(where, path string, err error) error {
	var cause *fs.PathError
	if errors.As(err, &cause) {
		err = cause.Err
	}
	return fmt.Errorf("%s: cannot read file %s: %w", where, quoted(path), err)
}
