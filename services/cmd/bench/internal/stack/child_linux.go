package stack

import "syscall"

// childAttr ends the processes with the bench, however that ends. They have a
// group of their own, so that a Ctrl-C comes to the bench alone, which then
// ends them in order.
func childAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}
