package receivers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// A Receiver is a program of Node that verifies deliveries.
type Receiver struct {
	// URL is where it takes them.
	URL string

	dir    string
	cmd    *exec.Cmd
	cancel context.CancelCauseFunc // kills
	log    tail
	ended  chan struct{}
	ending error // how it ended; set before ended is closed

	mu      sync.Mutex
	events  []Event
	changed chan struct{} // closed and made anew by each event
}

// Start runs a receiver that trusts secret, and returns when it listens. Names
// has the names. It runs until Stop, or until ctx ends; where the process that
// called Start dies, it ends too (on Linux).
//
// The error is ErrNoNode or ErrNoPackages where this machine cannot run it.
func Start(ctx context.Context, name, secret string) (*Receiver, error) {
	k, err := find(name)
	if err != nil {
		return nil, err
	}
	if secret == "" {
		return nil, fmt.Errorf("start %s: the secret is empty: give the one that deliveries are signed with", name)
	}
	node, err := findNode(ctx)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	dir, err := unpack(ctx, k)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	r, err := launch(ctx, node, dir, k, secret)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	return r, nil
}

// launch runs the script in dir, which is removed when it ends.
func launch(ctx context.Context, node, dir string, k kind, secret string) (*Receiver, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	r := &Receiver{dir: dir, cancel: cancel, ended: make(chan struct{}), changed: make(chan struct{})}
	r.cmd = command(ctx, node, filepath.FromSlash(k.script))
	r.cmd.Dir = dir
	r.cmd.Env = []string{"PATH=" + os.Getenv("PATH"), k.env + "=" + secret}
	r.cmd.Stderr = &r.log
	out, err := r.cmd.StdoutPipe()
	if err == nil {
		err = r.cmd.Start()
	}
	if err != nil {
		cancel(err)
		return nil, errors.Join(fmt.Errorf("run node: %w", err), os.RemoveAll(dir))
	}
	if err := r.listening(ctx, json.NewDecoder(out)); err != nil {
		return nil, err
	}
	return r, nil
}

// listening reads the first line, which says where, and leaves the others to follow.
func (r *Receiver) listening(ctx context.Context, lines *json.Decoder) error {
	var first struct {
		URL string `json:"url"`
	}
	err := lines.Decode(&first)
	if err == nil {
		r.URL = first.URL
		go r.follow(ctx, lines)
		return nil
	}
	why := errors.Join(context.Cause(ctx), err)
	r.cancel(why) // it may live, and say something else
	r.follow(ctx, lines)
	return fmt.Errorf("it did not say where it listens: %w\n%s", why, r.Log())
}

// stopPatience is longer than the scripts wait for requests under way.
const stopPatience = 10 * time.Second

var errHangs = errors.New("the receiver did not end when asked, and was killed")

// Stop ends the receiver and returns when it is gone. The error says that it
// ended in another way: had failed before, or had to be killed. To stop again
// does nothing more.
func (r *Receiver) Stop() error {
	_ = r.cmd.Process.Signal(syscall.SIGTERM) // where it fails the process has ended, or is killed below
	patience := time.NewTimer(stopPatience)
	defer patience.Stop()
	select {
	case <-r.ended:
	case <-patience.C:
		r.cancel(errHangs)
		<-r.ended
	}
	return r.ending
}

// Log is the end of what the receiver wrote to stderr.
func (r *Receiver) Log() string { return r.log.String() }
