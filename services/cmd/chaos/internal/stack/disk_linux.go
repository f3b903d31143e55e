package stack

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// disk is a small file system of its own, which can be filled.
type disk struct{ dir string }

// diskBytes is the size of a node's disk: room for what a schedule stores, and
// quickly full.
const diskBytes = 192 << 20

// mount makes the directory a file system of its own, which takes the right to
// mount (root).
func mount(dir string) (*disk, error) {
	if err := syscall.Mount("chaos", dir, "tmpfs", 0, fmt.Sprintf("size=%d", diskBytes)); err != nil {
		return nil, fmt.Errorf("mount a tmpfs: %w", err)
	}
	return &disk{dir}, nil
}

// CanFillDisks says whether this machine lets a disk be filled; the error says
// why not.
func CanFillDisks() error {
	dir, err := os.MkdirTemp("", "posthaste-chaos-disk-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // an empty directory
	d, err := mount(dir)
	if err != nil {
		return err
	}
	return d.unmount()
}

func (d *disk) filler() string { return filepath.Join(d.dir, "filler") }

// fill writes until there is no room.
func (d *disk) fill() error {
	file, err := os.OpenFile(d.filler(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	for _, size := range []int{1 << 20, 4 << 10} { // the last pages too
		block := make([]byte, size)
		for err == nil {
			_, err = file.Write(block)
		}
		if !errors.Is(err, syscall.ENOSPC) {
			return fmt.Errorf("fill the disk: %w", err)
		}
		err = nil
	}
	return nil
}

// empty makes room again.
func (d *disk) empty() error { return os.Remove(d.filler()) }

func (d *disk) unmount() error { return syscall.Unmount(d.dir, syscall.MNT_DETACH) }
