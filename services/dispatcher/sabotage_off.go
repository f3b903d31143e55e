//go:build !sabotage

package dispatcher

// Guarantees that the fault suite breaks on purpose, to show that it sees that.
// Without the build tag they are constants: no cost, and no way to switch them.
const (
	ackBeforePost = false
	noDedupKey    = false
	earlyRetry    = false
)
