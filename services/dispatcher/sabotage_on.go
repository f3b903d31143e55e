//go:build sabotage

package dispatcher

import "os"

// The environment says which guarantee this build breaks. No build that is
// delivered has the tag.
var (
	ackBeforePost = os.Getenv("SABOTAGE") == "ack-before-post" // what dies before the POST is lost
	noDedupKey    = os.Getenv("SABOTAGE") == "no-dedup-key"    // what is handed out again is POSTed again
	earlyRetry    = os.Getenv("SABOTAGE") == "early-retry"     // attempts do not keep to the schedule
)
