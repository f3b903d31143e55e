// Package collector holds the test of what Posthaste tells OpenTelemetry: a real
// collector takes it from the four services, each a process of its own, and
// writes it to files, which are read back. It is a module of its own, outside the
// workspace, so that the collector becomes no dependency of what ships. `make
// deploy-check` runs it.
package collector
