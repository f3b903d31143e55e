package receivers

import (
	"errors"
	"os"
	"syscall"
)

// childAttr makes a process the head of a group, and ends it with ours, also
// where ours panics or is killed and no clean-up runs.
func childAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// killAll kills the group that p heads.
func killAll(p *os.Process) error {
	if err := syscall.Kill(-p.Pid, syscall.SIGKILL); !errors.Is(err, syscall.ESRCH) {
		return err
	}
	return os.ErrProcessDone
}
