package stack

import (
	"fmt"
	"io"
	"os/exec"
	"syscall"
	"time"
)

// process is one that can be started again. One goroutine uses it.
type process struct {
	name string // as the report calls it
	path string
	args []string
	env  []string
	log  io.Writer
	cmd  *exec.Cmd
	past usage // of those before the last start
}

func (p *process) start() error {
	p.cmd = exec.Command(p.path, p.args...) //nolint:noctx // ended by stop, in order
	p.cmd.Env = p.env
	p.cmd.Stderr = p.log
	p.cmd.SysProcAttr = childAttr()
	if err := p.cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", p.name, err)
	}
	return nil
}

// patience is how long a process has to end by itself.
const patience = 5 * time.Second

// stop ends the process, in order where it lets itself.
func (p *process) stop() {
	if p.cmd == nil || p.cmd.Process == nil {
		return
	}
	p.keep()
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	kill := time.AfterFunc(patience, func() { _ = p.cmd.Process.Kill() })
	_ = p.cmd.Wait()
	kill.Stop()
	p.cmd = nil
}

// kill ends the process as a crash would.
func (p *process) kill() {
	p.keep()
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
	p.cmd = nil
}

// keep notes what the process has used, before it is gone.
func (p *process) keep() { p.past = p.usage() }

// usage is what the process has used, with those before it.
func (p *process) usage() usage {
	if p.cmd == nil {
		return p.past
	}
	now := usageOf(p.cmd.Process.Pid)
	return usage{cpu: p.past.cpu + now.cpu, peak: max(p.past.peak, now.peak), rss: now.rss}
}
