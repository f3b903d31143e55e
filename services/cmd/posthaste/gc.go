package main

import (
	"os"
	"runtime/debug"
)

const (
	// gcPercent is how much garbage there may be, in percent of what lives. What
	// lives in a service is small, a few dozen MiB, and at Go's default of 100
	// collecting took a tenth of a delivery's CPU.
	gcPercent = 400
	// devMemory is where a process with an embedded NATS begins to collect more
	// often, in bytes. NATS gives the blocks of its streams free to the collector,
	// 4 to 8 MiB each, and it would come by too seldom: a flood peaked at 800 MiB
	// without a limit (measured).
	devMemory = 180 << 20
)

// tuneGC sets gcPercent where GOGC says nothing else. It is not for a process
// with an embedded NATS, which holds more: there memory is dearer than CPU.
func tuneGC() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
}

// tuneDevGC sets devMemory where GOMEMLIMIT says nothing else.
func tuneDevGC() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(devMemory)
	}
}
