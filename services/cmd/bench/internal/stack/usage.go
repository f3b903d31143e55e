package stack

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// Part is what one process has used.
type Part struct {
	Name string
	CPU  time.Duration // since it started
	Peak int64         // bytes of memory, the most at any time
	RSS  int64         // bytes of memory now
}

// Usage is what all processes have used, Posthaste the last. Off Linux all
// numbers are 0.
type Usage []Part

// CPU is that of all.
func (u Usage) CPU() (sum time.Duration) {
	for _, part := range u {
		sum += part.CPU
	}
	return sum
}

// Peak adds up the most memory that each has held.
func (u Usage) Peak() (sum int64) {
	for _, part := range u {
		sum += part.Peak
	}
	return sum
}

// Since takes the CPU off that had been used before.
func (u Usage) Since(before Usage) Usage {
	spent := make(Usage, len(u))
	for i, part := range u {
		part.CPU -= before[i].CPU
		spent[i] = part
	}
	return spent
}

type usage struct {
	cpu       time.Duration
	peak, rss int64
}

func usageOf(pid int) usage {
	u := usage{cpu: cpuOf(pid)}
	u.peak, u.rss = memoryOf(pid)
	return u
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

// memoryOf reads VmHWM and VmRSS of /proc/<pid>/status, in bytes.
func memoryOf(pid int) (peak, rss int64) {
	file, err := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, 0
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		name, rest, _ := strings.Cut(lines.Text(), ":")
		switch name {
		case "VmHWM":
			peak = kib(rest)
		case "VmRSS":
			rss = kib(rest)
		}
	}
	return peak, rss
}

func kib(text string) int64 {
	number, _, _ := strings.Cut(strings.TrimSpace(text), " ")
	n, _ := strconv.ParseInt(number, 10, 64)
	return n << 10
}
