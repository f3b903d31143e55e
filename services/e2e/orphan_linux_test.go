package e2e

import "syscall"

// childAttr ends the processes with the tests, also where these panic or run
// out of time and no cleanup runs.
func childAttr() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
