//go:build !linux

package stack

import "errors"

type disk struct{}

var errNoDisk = errors.New("disks are filled on Linux only")

func mount(string) (*disk, error) { return nil, errNoDisk }

// CanFillDisks says that they cannot be.
func CanFillDisks() error { return errNoDisk }

func (d *disk) fill() error    { return errNoDisk }
func (d *disk) empty() error   { return errNoDisk }
func (d *disk) unmount() error { return errNoDisk }
