package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// ConsumeOptions bound what a client holds of a consumer before handling it.
type ConsumeOptions struct {
	Prefetch      int // messages asked for ahead
	PrefetchBytes int // and their bytes
}

// Consume hands the messages of a durable consumer to handle, one after the
// other, until ctx ends. handle must not block for long; it acks, naks or
// passes the message on. When ctx ends, messages already fetched still go to
// handle, which gives them back; then Consume returns nil. Without a
// connection they are dropped instead: NATS hands them out again.
//
// A lost connection is waited out. A consumer that is gone (deleted by hand,
// restored from a backup) is provisioned anew.
func (b *Bus) Consume(ctx context.Context, stream, durable string, opts ConsumeOptions, handle func(jetstream.Msg)) error {
	policy := BackOff(FirstWait)
	for ctx.Err() == nil {
		started := time.Now()
		err := b.consumeUntil(ctx, stream, durable, opts, handle)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // the end of ctx is how this ends
		}
		if time.Since(started) > 10*time.Second {
			policy.Reset()
		}
		pause := policy.NextBackOff()
		b.log.Warn("consumer stopped; starting it again", "stream", stream, "consumer", durable, "error", err, "retry_in", pause.Round(time.Millisecond))
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		if err := b.reprovision(ctx); err != nil && ctx.Err() == nil {
			b.log.Warn("provision streams", "error", err)
		}
	}
	return nil
}

// ConsumeFrom hands what stands in the stream from a place on to handle, until
// ctx ends. All who call it with one name share what comes, from where the first
// of them began. Nothing is acked: what is lost on the way does not come again.
// The consumer is gone a while after the last one has ended.
func (b *Bus) ConsumeFrom(ctx context.Context, stream, name string, place uint64, opts ConsumeOptions, handle func(jetstream.Msg)) error {
	setup, cancel := context.WithTimeout(ctx, setupTimeout)
	defer cancel()
	_, err := b.JS.CreateConsumer(setup, stream, jetstream.ConsumerConfig{
		Durable: name, DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: max(1, place),
		AckPolicy: jetstream.AckNonePolicy, InactiveThreshold: consumeFromIdle, MaxWaiting: maxWaiting, MemoryStorage: true,
	})
	if err != nil && !errors.Is(err, jetstream.ErrConsumerExists) {
		return fmt.Errorf("make consumer %s of %s: %w", name, stream, err)
	}
	return b.consumeUntil(ctx, stream, name, opts, handle)
}

// consumeFromIdle is how long such a consumer stays without anybody.
const consumeFromIdle = 10 * time.Second

func (b *Bus) reprovision(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, setupTimeout)
	defer cancel()
	return b.provision(ctx)
}

// pullHeartbeat is how often NATS says on a pull that nothing has come. After two
// without a word nats.go pulls again. That has to be soon: where all that was
// asked for comes while its goroutine is still sending the request, nats.go 1.55
// forgets to ask for more, and the consumer stands still until then.
const pullHeartbeat = 500 * time.Millisecond // the least that it takes

func (b *Bus) consumeUntil(ctx context.Context, stream, durable string, opts ConsumeOptions, handle func(jetstream.Msg)) error {
	setup, cancel := context.WithTimeout(ctx, setupTimeout)
	defer cancel()
	consumer, err := b.JS.Consumer(setup, stream, durable)
	if err != nil {
		return fmt.Errorf("look up consumer %s of %s: %w", durable, stream, err)
	}
	failed := make(chan error, 1)
	running, err := consumer.Consume(handle,
		jetstream.PullMaxMessagesWithBytesLimit(opts.Prefetch, opts.PrefetchBytes),
		jetstream.PullExpiry(10*time.Second),
		jetstream.PullHeartbeat(pullHeartbeat),
		jetstream.ConsumeErrHandler(func(_ jetstream.ConsumeContext, err error) {
			if final(err) {
				select {
				case failed <- err:
				default:
				}
			}
		}))
	if err != nil {
		return fmt.Errorf("consume %s of %s: %w", durable, stream, err)
	}
	closed := running.Closed()
	select {
	case <-ctx.Done():
		b.end(running)
		<-closed
		return nil
	case err := <-failed:
		b.end(running)
		<-closed
		return err
	case <-closed:
		select {
		case err := <-failed:
			return err
		default:
			return errors.New("consumer closed")
		}
	}
}

// end lets what was fetched reach handle. Without a connection that would take
// the client 10 s, and nothing could be given back.
func (b *Bus) end(running jetstream.ConsumeContext) {
	if b.Connected() {
		running.Drain()
		return
	}
	running.Stop()
}

// final says whether a running consumer will not recover by itself. A missed
// heartbeat, a leader change and a lost connection are not final.
func final(err error) bool {
	return errors.Is(err, jetstream.ErrConsumerDeleted) || errors.Is(err, jetstream.ErrConsumerNotFound) ||
		errors.Is(err, jetstream.ErrStreamNotFound) || errors.Is(err, jetstream.ErrBadRequest) ||
		errors.Is(err, nats.ErrNoResponders)
}
