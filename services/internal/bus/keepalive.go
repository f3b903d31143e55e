package bus

import (
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// KeepAlive tells JetStream, three times in every AckWait, that msg is still
// being worked on, until the returned function is called. Work that is done
// sooner costs a timer that never fires.
func KeepAlive(msg jetstream.Msg, ackWait time.Duration) (stop func()) {
	k := &keeper{msg: msg, every: ackWait / 3}
	k.mu.Lock()
	k.timer = time.AfterFunc(k.every, k.tell)
	k.mu.Unlock()
	return k.stop
}

type keeper struct {
	msg   jetstream.Msg
	every time.Duration

	mu      sync.Mutex // tell runs beside the others
	timer   *time.Timer
	stopped bool
}

func (k *keeper) tell() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.stopped {
		return
	}
	_ = k.msg.InProgress() // lost: the message may come a second time
	k.timer.Reset(k.every)
}

func (k *keeper) stop() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.stopped = true
	k.timer.Stop()
}
