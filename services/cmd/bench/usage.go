package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// usage is what processes have used: CPU so far, and the most memory held.
type usage struct {
	cpu  time.Duration
	peak int64 // bytes, of all together
	own  int64 // bytes, of Posthaste alone
	// by holds the CPU of each process, Posthaste's last.
	by []time.Duration
}

func (u usage) since(before usage) usage {
	spent := usage{cpu: u.cpu - before.cpu, peak: u.peak, own: u.own, by: make([]time.Duration, len(u.by))}
	for i := range u.by {
		spent.by[i] = u.by[i] - before.by[i]
	}
	return spent
}

// usage adds up the stack's processes. Off Linux it is zero.
func (s *stack) usage() usage {
	var sum usage
	for _, cmd := range s.processes {
		cpu := cpuOf(cmd.Process.Pid)
		sum.cpu += cpu
		sum.by = append(sum.by, cpu)
		own := peakOf(cmd.Process.Pid)
		sum.peak += own
		sum.own = own // Posthaste is the last
	}
	return sum
}

// cpuOf reads utime and stime, fields 14 and 15 of /proc/<pid>/stat, in ticks
// of 10 ms.
func cpuOf(pid int) time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * 10 * time.Millisecond
}

func peakOf(pid int) int64 {
	file, err := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), "VmHWM:"); ok {
			kib, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return kib << 10
		}
	}
	return 0
}

func selfCPU() time.Duration {
	var r syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &r) != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
