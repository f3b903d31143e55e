//go:build race

package e2e

// raceFlags build the processes as the tests themselves are built.
var raceFlags = []string{"-race"}
