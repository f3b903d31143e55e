package receivers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"
)

// ErrNoNode says that Node 20 or newer is not there. A test that gets it
// cannot run here.
var ErrNoNode = errors.New("no Node 20 or newer on PATH")

const oldestNode = 20 // the first with Web Crypto as a global

func findNode(ctx context.Context) (string, error) {
	node, err := exec.LookPath("node")
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrNoNode, err)
	}
	version, err := command(ctx, node, "--version").Output()
	if err != nil {
		return "", fmt.Errorf("ask node for its version: %w", err)
	}
	major, _, _ := strings.Cut(strings.TrimPrefix(string(version), "v"), ".")
	if number, err := strconv.Atoi(major); err != nil || number < oldestNode {
		return "", fmt.Errorf("%w: %s is %q", ErrNoNode, node, strings.TrimSpace(string(version)))
	}
	return node, nil
}

// command is a program that dies with ctx and, on Linux, with this process;
// with it dies what it started.
func command(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, args...) //nolint:gosec // node or npm, and arguments of ours
	cmd.SysProcAttr = childAttr()
	cmd.Cancel = func() error {
		if err := killAll(cmd.Process); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return fmt.Errorf("kill %s: %w", program, err)
		}
		return nil
	}
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

// tail keeps the last bytes that are written to it.
type tail struct {
	mu   sync.Mutex
	text []byte
}

const tailBytes = 8 << 10

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, b...)
	t.text = append([]byte(nil), t.text[max(0, len(t.text)-tailBytes):]...)
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}
