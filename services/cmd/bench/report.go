package main

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"time"
)

// report prints each line as soon as it is known.
type report struct {
	w    io.Writer
	bare result
}

func newReport(w io.Writer, bare result) *report {
	r := &report{w, bare}
	r.printf("%d CPUs, %s %s/%s\n\n", runtime.NumCPU(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	r.printf("bare loop: %.0f signed POSTs/s, %.3f ms of CPU each (client and receiver)\n\n",
		bare.perSecond(), milliseconds(bare.usage.cpu)/float64(bare.deliveries))
	r.printf("%-8s %-6s %12s %10s %8s %14s %10s %10s %10s %10s  %s\n",
		"fan-out", "batch", "deliveries", "per s", "of bare", "CPU/delivery", "p50", "p99", "peak all", "posthaste", "CPU/delivery of NATS, Redis, Posthaste")
	return r
}

func (r *report) printf(format string, args ...any) { _, _ = fmt.Fprintf(r.w, format, args...) }

func (r *report) throughput(fanout, batch int, res result) {
	r.printf("%-8d %-6d %12d %10.0f %7.0f%% %11.3f ms %10s %10s %6d MiB %6d MiB  %s\n", fanout, batch, res.deliveries,
		res.perSecond(), 100*res.perSecond()/r.bare.perSecond(), milliseconds(res.usage.cpu)/float64(res.deliveries),
		short(res.p50), short(res.p99), res.usage.peak>>20, res.usage.own>>20, parts(res))
}

func (r *report) latency(rate int, res result) {
	r.printf("\nat %d events/s, fan-out 1: p50 %s, p99 %s from publish to arrival; %.3f ms of CPU a delivery\n",
		rate, short(res.p50), short(res.p99), milliseconds(res.usage.cpu)/float64(res.deliveries))
}

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
