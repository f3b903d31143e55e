package bus

import (
	"context"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Keeper tells JetStream, three times in every AckWait, of each message that it
// holds that it is still being worked on. One ticker serves all: a timer for
// each message cost more than most messages' work. Safe for concurrent use.
type Keeper struct {
	every time.Duration

	mu   sync.Mutex
	held []*Held
}

// Held is a message that is being worked on.
type Held struct {
	keeper *Keeper
	msg    jetstream.Msg
	told   time.Time // when JetStream last heard of it
	place  int       // in keeper.held; -1 when released
}

// NewKeeper makes a keeper for messages of consumers with the bus's AckWait.
func (b *Bus) NewKeeper() *Keeper { return newKeeper(b.cfg.AckWait) }

func newKeeper(ackWait time.Duration) *Keeper { return &Keeper{every: ackWait / 3} }

// Run tells until ctx ends, which must not be before the last message is
// released.
func (k *Keeper) Run(ctx context.Context) error {
	// A message that comes right after a look waits for two of them.
	ticker := time.NewTicker(k.every / 2)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-ticker.C:
			k.tell(now)
		}
	}
}

// tell holds the lock, for after Release nothing may be said of a message: it
// would undo a delayed nak.
func (k *Keeper) tell(now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, h := range k.held {
		if now.Sub(h.told) >= k.every/2 {
			_ = h.msg.InProgress() // lost: the message may come a second time
			h.told = now
		}
	}
}

// Hold begins to tell of the message.
func (k *Keeper) Hold(msg jetstream.Msg, now time.Time) *Held {
	h := &Held{keeper: k, msg: msg, told: now}
	k.mu.Lock()
	defer k.mu.Unlock()
	h.place = len(k.held)
	k.held = append(k.held, h)
	return h
}

// Release ends it. A second time does nothing.
func (h *Held) Release() {
	k := h.keeper
	k.mu.Lock()
	defer k.mu.Unlock()
	if h.place < 0 {
		return
	}
	last := len(k.held) - 1
	k.held[h.place] = k.held[last]
	k.held[h.place].place = h.place
	k.held[last] = nil
	k.held = k.held[:last]
	h.place = -1
}
