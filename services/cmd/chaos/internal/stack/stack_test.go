package stack

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/posthaste/posthaste/services/internal/testbed"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// script is a process that runs a shell's.
func script(t *testing.T, text string) *Process {
	t.Helper()
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no shell")
	}
	p := &Process{Name: "script", path: shell, args: []string{"-c", text}, env: os.Environ(), log: filepath.Join(t.TempDir(), "log")}
	t.Cleanup(p.Kill)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	return p
}

func said(p *Process, what string) bool {
	text, _ := os.ReadFile(p.log)
	return strings.Contains(string(text), what)
}

// What ends by itself is started again; what is killed is not.
func TestSupervised(t *testing.T) {
	t.Parallel()
	p := script(t, "echo started; exit 3")
	testbed.Eventually(t, "it to have been started again", func() bool { return p.Fell() >= 2 })
	p.Kill()
	fell := p.Fell()
	p.Kill() // of what does not run
	if p.Fell() != fell || p.Pause() == nil {
		t.Error("it ran on")
	}
}

func TestTerminate(t *testing.T) {
	t.Parallel()
	p := script(t, `trap 'echo ended; exit 0' TERM; echo up; while :; do sleep 0.01; done`)
	testbed.Eventually(t, "it to be up", func() bool { return said(p, "up") })
	if err := p.Terminate(testbed.Patience); err != nil || !said(p, "ended") || p.Fell() != 0 {
		t.Errorf("%v, fell %d", err, p.Fell())
	}
	p.set(map[string]string{"SAYS": "changed"})
	p.args = []string{"-c", `trap '' TERM; echo $SAYS; while :; do sleep 0.01; done`}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	testbed.Eventually(t, "it to have its new setting", func() bool { return said(p, "changed") })
	if err := p.Terminate(50 * time.Millisecond); err == nil {
		t.Error("it does not end by itself, and nobody is told")
	}
}

func TestPause(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("reads /proc")
	}
	p := script(t, `while :; do sleep 0.01; done`)
	state := func() string {
		text, _ := os.ReadFile("/proc/" + strconv.Itoa(p.cmd.Process.Pid) + "/stat")
		_, rest, _ := strings.Cut(string(text), ") ")
		return rest[:min(1, len(rest))]
	}
	if err := p.Pause(); err != nil {
		t.Fatal(err)
	}
	testbed.Eventually(t, "it to be stopped", func() bool { return state() == "T" })
	if err := p.Resume(); err != nil {
		t.Fatal(err)
	}
	testbed.Eventually(t, "it to go on", func() bool { return state() != "T" })
}

// A full disk refuses writes, and an emptied one takes them.
func TestDisk(t *testing.T) {
	t.Parallel()
	if err := CanFillDisks(); err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	d, err := mount(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.unmount() })
	if err := d.fill(); err != nil {
		t.Fatal(err)
	}
	write := func() error { return os.WriteFile(filepath.Join(dir, "x"), make([]byte, 1<<10), 0o600) }
	if err := write(); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("a write to the full disk: %v", err)
	}
	if err := d.empty(); err != nil {
		t.Fatal(err)
	}
	if err := write(); err != nil {
		t.Error(err)
	}
}

func TestFreeAddr(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for range 50 {
		addr, err := FreeAddr(t.Context())
		if err != nil || seen[addr] || !strings.HasPrefix(addr, "127.0.0.1:") {
			t.Fatalf("%s, %v", addr, err)
		}
		seen[addr] = true
	}
}

func TestBuildNeedsRedis(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if _, _, err := Build(t.Context(), Binaries{}, ""); !errors.Is(err, ErrNoRedis) {
		t.Errorf("%v", err)
	}
}
