//go:build !linux

package receivers

import (
	"os"
	"syscall"
)

// childAttr is nothing here: tests that panic leave processes behind.
func childAttr() *syscall.SysProcAttr { return nil }

func killAll(p *os.Process) error { return p.Kill() }
