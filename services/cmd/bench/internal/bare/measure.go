package bare

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"github.com/posthaste/posthaste/services/cmd/bench/internal/receiver"
	"github.com/posthaste/posthaste/services/cmd/bench/internal/report"
)

// Result is what the loop came to. Results add up.
type Result struct {
	Posts int
	Took  time.Duration
	CPU   time.Duration // of sender and receiver
}

// Rate is POSTs a second.
func (r Result) Rate() report.Figure { return report.Per(r.Posts, r.Took) }

// Each is the CPU of one POST.
func (r Result) Each() report.Figure { return CPUEach(r.CPU, r.Posts) }

// CPUEach is the CPU of one of n, in milliseconds.
func CPUEach(cpu time.Duration, n int) report.Figure {
	return report.Figure{Value: float64(cpu) / float64(time.Millisecond) / float64(n), Unit: report.Millis}
}

// And is both results together.
func (r Result) And(other Result) Result {
	return Result{Posts: r.Posts + other.Posts, Took: r.Took + other.Took, CPU: r.CPU + other.CPU}
}

// Measure runs the loop against an endpoint of its own. The sender is a
// process of its own, as a dispatcher is.
func Measure(ctx context.Context, seconds float64, payload int) (Result, error) {
	e, err := receiver.New(ctx, receiver.Healthy)
	if err != nil {
		return Result{}, err
	}
	defer e.Refuse()
	self, err := os.Executable()
	if err != nil {
		return Result{}, err
	}
	cmd := exec.CommandContext(ctx, self, Loop, e.URL(0), fmt.Sprint(seconds), strconv.Itoa(payload))
	cmd.Stderr = os.Stderr
	begin, cpu := time.Now(), selfCPU()
	if err := cmd.Run(); err != nil {
		return Result{}, fmt.Errorf("bare loop: %w", err)
	}
	res := Result{Posts: e.Good(), Took: e.Last().Sub(begin)}
	res.CPU = selfCPU() - cpu + cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	return res, nil
}

func selfCPU() time.Duration {
	var r syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &r) != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
