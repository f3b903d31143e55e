package main

import (
	"os"
	"runtime/debug"
)

// gcPercent is how much garbage there may be, in percent of what lives. What
// lives in a service is small, a few dozen MiB, and at Go's default of 100
// collecting took a tenth of a delivery's CPU.
const gcPercent = 400

// tuneGC sets gcPercent where GOGC says nothing else. It is not for a process
// with an embedded NATS, which holds more: there memory is dearer than CPU.
func tuneGC() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
}
