package embedded

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

var errLocked = errors.New("another process uses it")

// Lock keeps other processes out of a data directory until it is released or
// this process ends, however it ends.
type Lock struct{ file *os.File }

// LockDir makes the directory where it is missing and locks it.
func LockDir(dir string) (*Lock, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("data-dir: %w", err)
	}
	file, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("data-dir: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = file.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			err = errLocked
		}
		return nil, fmt.Errorf("data-dir: cannot lock %s: %w", dir, err)
	}
	return &Lock{file}, nil
}

// Release lets others in.
func (l *Lock) Release() error { return l.file.Close() }
