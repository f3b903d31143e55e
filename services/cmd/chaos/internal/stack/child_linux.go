package stack

import "syscall"

// childAttr ends the processes with this one, however that ends. They have a
// group of their own, so that a Ctrl-C comes to this one alone.
func childAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}
