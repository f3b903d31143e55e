// Package observability holds the tests of deploy/observability: Prometheus's own
// parser reads the rules and the queries of the dashboards, and its engine runs the
// alerts' unit tests. It is a module of its own, outside the workspace, so that
// Prometheus becomes no dependency of what ships. `make deploy-check` runs it.
package observability
