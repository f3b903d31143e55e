//go:build !linux

package e2e

import "syscall"

// childAttr is nothing here: tests that panic leave processes behind.
func childAttr() *syscall.SysProcAttr { return nil }
