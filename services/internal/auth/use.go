package auth

import (
	"sync/atomic"
	"time"
)

// use is what happens to a key in this process. It stays the same however often
// its record is written. Safe for concurrent use.
type use struct {
	last    atomic.Int64  // second of the last request; 0 for none
	limit   *limit        // nil for none
	revoked chan struct{} // closed by the memory
}

// touch is called for every request: it writes once a second at most, for what is
// written is taken from the other processors.
func (u *use) touch(now time.Time) {
	if second := now.Unix(); u.last.Load() < second {
		u.last.Store(second)
	}
}
