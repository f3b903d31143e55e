package main

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"time"
)

// report prints each line as soon as it is known.
type report struct{ w io.Writer }

func newReport(w io.Writer) *report {
	r := &report{w}
	r.printf("%d CPUs, %s %s/%s\n\n", runtime.NumCPU(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	r.printf("%-8s %-6s %12s %8s %14s %10s %10s %10s %10s   %-22s  %s\n",
		"fan-out", "batch", "deliveries/s", "of bare", "CPU/delivery", "p50", "p99", "peak all", "posthaste",
		"bare loop", "CPU/delivery of NATS, Redis, Posthaste")
	return r
}

func (r *report) printf(format string, args ...any) { _, _ = fmt.Fprintf(r.w, format, args...) }

func (r *report) throughput(fanout, batch int, res, bare result) {
	r.printf("%-8d %-6d %12.0f %7.0f%% %11.3f ms %10s %10s %6d MiB %6d MiB   %7.0f/s at %.3f ms   %s\n", fanout, batch,
		res.perSecond(), 100*res.perSecond()/bare.perSecond(), res.cpuEach(),
		short(res.p50), short(res.p99), res.usage.peak>>20, res.usage.own>>20, bare.perSecond(), bare.cpuEach(), parts(res))
}

func (r *report) latency(rate int, res result) {
	r.printf("\nat %d events/s, fan-out 1: p50 %s, p99 %s from publish to arrival; %.3f ms of CPU a delivery\n",
		rate, short(res.p50), short(res.p99), res.cpuEach())
}

// cpuEach is the CPU of one delivery in milliseconds.
func (r result) cpuEach() float64 { return milliseconds(r.usage.cpu) / float64(r.deliveries) }

// parts is the CPU of each process for one delivery.
func parts(res result) string {
	var texts []string
	for _, cpu := range res.usage.by {
		texts = append(texts, fmt.Sprintf("%.3f", milliseconds(cpu)/float64(res.deliveries)))
	}
	return strings.Join(texts, " ") + " ms"
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func short(d time.Duration) string {
	if d < 10*time.Millisecond {
		return d.Round(10 * time.Microsecond).String()
	}
	return d.Round(100 * time.Microsecond).String()
}
