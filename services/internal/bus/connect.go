package bus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Bus is a connection to NATS JetStream with Posthaste's streams on it. It
// reconnects by itself for as long as it is open.
type Bus struct {
	NC  *nats.Conn
	JS  jetstream.JetStream
	cfg Config
	log *slog.Logger

	acks    *acks
	closing atomic.Bool
	// setupTimeout bounds each request that provisions.
	setupTimeout time.Duration

	mu      sync.Mutex
	ensured map[string]Consumer // what EnsureConsumer was asked for
}

// Connect waits up to cfg.NATSWait for NATS, then provisions streams, buckets
// and consumers. name tells the connection apart in NATS's own lists. extra
// options are applied last (the embedded server's in-process pipe). What
// waiting cannot change fails at once: a file that cannot be read, a
// configuration that JetStream refuses. Answers come to _INBOX.<name>.>, so that
// name is part of what NATS has to allow.
func Connect(ctx context.Context, cfg Config, name string, log *slog.Logger, extra ...nats.Option) (*Bus, error) {
	return dial(ctx, cfg, name, log, (*Bus).provision, extra...)
}

// Dial is Connect for those who look at what is there before anything is
// changed: it provisions nothing, and asks for nothing to be there.
func Dial(ctx context.Context, cfg Config, name string, log *slog.Logger, extra ...nats.Option) (*Bus, error) {
	return dial(ctx, cfg, name, log, func(*Bus, context.Context) error { return nil }, extra...)
}

func dial(ctx context.Context, cfg Config, name string, log *slog.Logger, prepare func(*Bus, context.Context) error, extra ...nats.Option) (*Bus, error) {
	if err := cfg.checkAccess(); err != nil {
		return nil, err
	}
	b := &Bus{cfg: cfg, log: log, ensured: make(map[string]Consumer), setupTimeout: setupTimeout}
	access, err := cfg.access()
	if err != nil {
		return nil, err
	}
	opts := slices.Concat(b.options(name), access, extra)

	ctx, cancel := context.WithTimeout(ctx, cfg.NATSWait)
	defer cancel()
	var lastErr error
	ready := func() error {
		lastErr = b.reach(ctx, opts, prepare)
		if errors.Is(lastErr, errRefused) {
			return backoff.Permanent(lastErr)
		}
		return lastErr
	}
	notify := func(err error, next time.Duration) {
		log.Warn("NATS is not ready", "error", err, "retry_in", next.Round(time.Millisecond))
	}
	policy := BackOff(FirstWait)
	if err := backoff.RetryNotify(ready, backoff.WithContext(policy, ctx), notify); err != nil {
		b.Close()
		if lastErr != nil {
			err = lastErr // a context's end says less than what it cut off
		}
		return nil, fmt.Errorf("reach NATS at %s: %w", cfg.NATSURL, err)
	}
	return b, nil
}

// reach connects, where that is not done yet, and prepares the streams.
func (b *Bus) reach(ctx context.Context, opts []nats.Option, prepare func(*Bus, context.Context) error) error {
	if b.NC == nil {
		if err := b.open(opts); err != nil {
			return err
		}
	}
	return prepare(b, ctx)
}

// open connects. Where a part of it fails nothing is kept.
func (b *Bus) open(opts []nats.Option) error {
	nc, err := nats.Connect(cmp.Or(b.cfg.NATSURL.Reveal(), nats.DefaultURL), opts...)
	if err != nil {
		return err
	}
	js, err := jetstream.New(nc)
	if err != nil {
		nc.Close()
		return err
	}
	acks, err := newAcks(nc)
	if err != nil {
		nc.Close()
		return err
	}
	b.NC, b.JS, b.acks = nc, js, acks
	return nil
}

func (b *Bus) options(name string) []nats.Option {
	return []nats.Option{
		nats.Name("posthaste-" + name),
		// Else whoever may read his own answers could read everybody's.
		nats.CustomInboxPrefix("_INBOX." + name),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(250 * time.Millisecond),
		nats.ReconnectJitter(100*time.Millisecond, 250*time.Millisecond),
		nats.PingInterval(20 * time.Second),
		// Else two refusals in a row, as while the server's users are being
		// changed, would close the connection for good.
		nats.IgnoreAuthErrorAbort(),
		// A publish during an outage fails at once and is repeated by its
		// caller, with the same Msg-Id. Buffered ones would hide the outage.
		nats.ReconnectBufSize(-1),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if !b.closing.Load() {
				b.log.Warn("NATS connection lost", "error", err)
			}
		}),
		nats.ReconnectHandler(func(nc *nats.Conn) {
			b.log.Info("NATS connection restored", "server", nc.ConnectedServerName())
		}),
		nats.ErrorHandler(func(_ *nats.Conn, sub *nats.Subscription, err error) {
			subject := ""
			if sub != nil {
				subject = sub.Subject
			}
			b.log.Warn("NATS error", "subject", subject, "error", err)
		}),
	}
}

// Connected says whether NATS is reachable now.
func (b *Bus) Connected() bool { return b.NC != nil && b.NC.IsConnected() }

// Ready is nil when NATS is reachable now; it is what /readyz asks.
func (b *Bus) Ready(context.Context) error {
	if !b.Connected() {
		return errors.New("NATS is not connected")
	}
	return nil
}

// MaxPayload is the largest message that the server takes, in bytes.
func (b *Bus) MaxPayload() int64 { return b.NC.MaxPayload() }

// Replicated says whether there are several copies of each bucket. A read may
// then come from one that lags behind.
func (b *Bus) Replicated() bool { return b.cfg.Replicas > 1 }

// AckWait is how long a consumed message may go without a word to the server.
func (b *Bus) AckWait() time.Duration { return b.cfg.AckWait }

// Close flushes what was published (acks travel without an answer) and closes
// the connection.
func (b *Bus) Close() {
	if b.NC == nil || !b.closing.CompareAndSwap(false, true) {
		return
	}
	if b.NC.IsConnected() {
		if err := b.NC.FlushTimeout(2 * time.Second); err != nil {
			b.log.Warn("flush NATS connection", "error", err)
		}
	}
	b.NC.Close()
	if b.acks != nil {
		b.acks.close()
	}
}
