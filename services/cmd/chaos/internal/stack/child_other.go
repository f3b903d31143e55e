//go:build !linux

package stack

import "syscall"

// childAttr keeps a Ctrl-C from the processes: this one ends them. Where it is
// killed it leaves them behind here.
func childAttr() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
