package e2e

import (
	"bytes"
	"errors"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// process is a program that runs beside the test.
type process struct {
	name   string
	cmd    *exec.Cmd
	out    output // stdout
	log    output // stderr
	exited chan struct{}
}

// env are the settings of a process, all that it is given.
type env map[string]string

func (e env) and(more env) env {
	all := maps.Clone(e)
	maps.Copy(all, more)
	return all
}

// start runs a program until the test ends, unless it ends before. Its log is
// shown when the test fails.
func start(t *testing.T, name, binary string, settings env, args ...string) *process {
	t.Helper()
	p := &process{name: name, cmd: exec.Command(binary, args...), exited: make(chan struct{})}
	p.cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}
	for _, key := range slices.Sorted(maps.Keys(settings)) {
		p.cmd.Env = append(p.cmd.Env, key+"="+settings[key])
	}
	p.cmd.SysProcAttr = childAttr()
	p.cmd.Dir = t.TempDir()
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.log
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", name, err)
	}
	go func() {
		_ = p.cmd.Wait() // exitCode tells
		close(p.exited)
	}()
	t.Cleanup(func() { p.end(t) })
	return p
}

func (p *process) end(t *testing.T) {
	t.Helper()
	p.kill(t)
	if strings.Contains(p.log.String(), "DATA RACE") {
		t.Errorf("%s has a data race", p.name)
	}
	if t.Failed() {
		t.Logf("log of %s:\n%s", p.name, p.log.tail(8<<10))
	}
}

func (p *process) running() bool {
	select {
	case <-p.exited:
		return false
	default:
		return true
	}
}

// kill ends the process without a word and returns when it is gone.
func (p *process) kill(t *testing.T) {
	t.Helper()
	p.signal(t, syscall.SIGKILL)
	<-p.exited
}

// terminate asks the process to end.
func (p *process) terminate(t *testing.T) {
	t.Helper()
	p.signal(t, syscall.SIGTERM)
}

func (p *process) signal(t *testing.T, s os.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("signal %s: %v", p.name, err)
	}
}

// exitCode waits for the end.
func (p *process) exitCode(t *testing.T) int {
	t.Helper()
	select {
	case <-p.exited:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		t.Fatalf("%s has not ended", p.name)
		return -1
	}
}

// output is what a process writes, while it writes.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// tail is the end of it.
func (o *output) tail(most int) string {
	text := o.String()
	return text[max(0, len(text)-most):]
}
