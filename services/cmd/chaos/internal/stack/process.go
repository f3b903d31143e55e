package stack

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// Process is a program that can be killed, stopped and started again with the
// same arguments. What ends by itself is started again, as a supervisor does.
// Safe for concurrent use.
type Process struct {
	Name string
	path string
	args []string
	log  string // file that its stderr is added to

	mu     sync.Mutex
	env    []string
	cmd    *exec.Cmd
	exited chan struct{}
	wanted bool
	fell   int
	again  *time.Timer
}

// restartAfter is how long a supervisor waits.
const restartAfter = 500 * time.Millisecond

// Start starts it where it does not run.
func (p *Process) Start() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wanted = true
	return p.start()
}

func (p *Process) start() error {
	if p.cmd != nil {
		return nil
	}
	out, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()                      // the child has its own
	cmd := exec.Command(p.path, p.args...) //nolint:noctx // ended by Kill and Terminate
	cmd.Env, cmd.SysProcAttr = p.env, childAttr()
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", p.Name, err)
	}
	p.cmd, p.exited = cmd, make(chan struct{})
	go p.wait(cmd, p.exited)
	return nil
}

func (p *Process) wait(cmd *exec.Cmd, exited chan struct{}) {
	_ = cmd.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cmd = nil
	if p.wanted {
		p.fell++
		p.again = time.AfterFunc(restartAfter, p.restart)
	}
	close(exited)
}

func (p *Process) restart() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.wanted {
		_ = p.start() // it has started before
	}
}

// Kill ends it without a word and returns when it is gone.
func (p *Process) Kill() { p.end(syscall.SIGKILL, 0) }

// Terminate asks it to end and returns when it has. What takes longer than
// most is killed, and that is an error.
func (p *Process) Terminate(most time.Duration) error {
	if p.end(syscall.SIGTERM, most) {
		return nil
	}
	return fmt.Errorf("%s was told to end and had not after %s", p.Name, most)
}

func (p *Process) end(s syscall.Signal, most time.Duration) (ended bool) {
	p.mu.Lock()
	p.wanted = false
	if p.again != nil {
		p.again.Stop()
	}
	cmd, exited := p.cmd, p.exited
	p.mu.Unlock()
	if cmd == nil {
		return true
	}
	_ = cmd.Process.Signal(s)
	if most == 0 {
		<-exited
		return true
	}
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-exited:
		return true
	case <-timer.C:
		_ = cmd.Process.Kill()
		<-exited
		return false
	}
}

// Pause stops it where it stands; Resume lets it go on.
func (p *Process) Pause() error { return p.signal(syscall.SIGSTOP) }

// Resume ends a Pause.
func (p *Process) Resume() error { return p.signal(syscall.SIGCONT) }

func (p *Process) signal(s syscall.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return fmt.Errorf("%s does not run", p.Name)
	}
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("%s: %s: %w", p.Name, s, err)
	}
	return nil
}

// Fell is how often it ended by itself.
func (p *Process) Fell() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.fell
}

// set changes a setting from its next start on.
func (p *Process) set(settings map[string]string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.env = append([]string(nil), p.env...)
	for key, value := range settings {
		p.env = append(p.env, key+"="+value) // the last one holds
	}
}
