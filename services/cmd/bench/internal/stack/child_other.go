//go:build !linux

package stack

import "syscall"

// childAttr keeps a Ctrl-C from the processes: the bench ends them. One that is
// killed leaves them behind here.
func childAttr() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
