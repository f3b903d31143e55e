package eventlog

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
)

// bell rings when something is published to one of its subjects. It is a plain
// subscription, which costs the server next to nothing.
type bell struct {
	conn          *nats.Conn
	subscriptions []*nats.Subscription
	connection    chan nats.Status
	count         atomic.Int64
	ring          chan struct{}
}

func newBell(conn *nats.Conn, subjects []string) (*bell, error) {
	b := &bell{conn: conn, ring: make(chan struct{}, 1)}
	b.connection = conn.StatusChanged(nats.CONNECTED)
	for _, subject := range subjects {
		s, err := conn.Subscribe(subject, b.hear)
		if err != nil {
			b.close()
			return nil, fmt.Errorf("listen to %s: %w", subject, err)
		}
		b.subscriptions = append(b.subscriptions, s)
	}
	return b, nil
}

func (b *bell) hear(*nats.Msg) {
	b.count.Add(1)
	select {
	case b.ring <- struct{}{}:
	default: // it is ringing
	}
}

// rung is how often it rang since it was last asked.
func (b *bell) rung() int { return int(b.count.Swap(0)) }

// wait returns when the bell rings, NATS is back, or after d. restored says
// that NATS was away: what was published meanwhile has rung nothing. again is
// false where ctx ended.
func (b *bell) wait(ctx context.Context, d time.Duration) (again, restored bool) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false, false
	case <-b.connection:
		return true, true
	case <-b.ring:
	case <-timer.C:
	}
	return true, false
}

func (b *bell) close() {
	for _, s := range b.subscriptions {
		_ = s.Unsubscribe() // fails only where the connection is closed
	}
	b.conn.RemoveStatusListener(b.connection)
}
