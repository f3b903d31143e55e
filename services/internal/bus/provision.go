package bus

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

func (b *Bus) streams() []jetstream.StreamConfig {
	events := jetstream.StreamConfig{
		Name:        StreamEvents,
		Description: "Events as published; source of every fan-out",
		Subjects:    []string{prefixEvents + ">"},
		Retention:   jetstream.LimitsPolicy,
		MaxAge:      b.cfg.EventsMaxAge,
		MaxBytes:    unlimited(int64(b.cfg.EventsMaxBytes)),
		// A full stream refuses what is new: discarding old events would drop
		// some that the router has not seen yet.
		Discard:    jetstream.DiscardNew,
		Duplicates: min(b.cfg.DedupWindow, b.cfg.EventsMaxAge),
	}
	deliveries := jetstream.StreamConfig{
		Name:        StreamDeliveries,
		Description: "Deliveries to try now",
		Subjects:    []string{prefixDeliveries + ">"},
		Retention:   jetstream.WorkQueuePolicy,
		MaxBytes:    unlimited(int64(b.cfg.DeliveriesMaxBytes)),
		Discard:     jetstream.DiscardNew,
		Duplicates:  b.cfg.DedupWindow,
	}
	delays := jetstream.StreamConfig{
		Name:        StreamDelays,
		Description: "Deliveries to try later, a subject a tier",
		Subjects:    []string{prefixDelays + ">"},
		Retention:   jetstream.WorkQueuePolicy,
		MaxBytes:    unlimited(int64(b.cfg.DelaysMaxBytes)),
		Discard:     jetstream.DiscardNew,
		Duplicates:  b.cfg.DedupWindow,
	}
	attempts := jetstream.StreamConfig{
		Name:        StreamAttempts,
		Description: "A record of every attempt and final outcome",
		Subjects:    []string{prefixAttempts + ">"},
		Retention:   jetstream.LimitsPolicy,
		MaxAge:      b.cfg.AttemptsMaxAge,
		MaxBytes:    unlimited(int64(b.cfg.AttemptsMaxBytes)),
		Discard:     jetstream.DiscardOld,
		Duplicates:  min(b.cfg.DedupWindow, b.cfg.AttemptsMaxAge),
	}
	rejected := jetstream.StreamConfig{
		Name:        StreamRejected,
		Description: "Events that could not be read, with the reason",
		Subjects:    []string{prefixRejected + ">"},
		Retention:   jetstream.LimitsPolicy,
		MaxAge:      b.cfg.RejectedMaxAge,
		Discard:     jetstream.DiscardOld,
		Duplicates:  min(b.cfg.DedupWindow, b.cfg.RejectedMaxAge),
	}
	all := []jetstream.StreamConfig{events, deliveries, delays, attempts, rejected}
	for i := range all {
		all[i].Storage = jetstream.FileStorage
		all[i].Replicas = b.cfg.Replicas
	}
	return all
}

func (b *Bus) buckets() []jetstream.KeyValueConfig {
	all := []jetstream.KeyValueConfig{
		{Bucket: BucketSubscriptions, Description: "Subscriptions by <tenant>.<id>"},
		{Bucket: BucketClaims, Description: "What only one subscription of a tenant may have"},
		{Bucket: BucketTenants, Description: "Settings of tenants"},
		{Bucket: BucketEventTypes, Description: "The catalogue of event types"},
		{Bucket: BucketKeys, Description: "API keys by their digests"},
		{Bucket: BucketKeyUses, Description: "When API keys were last used"},
		{Bucket: BucketReplays, Description: "Replays and how far they are", TTL: b.cfg.ReplaysMaxAge},
		{Bucket: BucketBooks, Description: "What each process has done, to be balanced"},
		{Bucket: BucketIdempotency, Description: "Answers to requests with an Idempotency-Key", TTL: b.cfg.IdempotencyTTL},
	}
	for i := range all {
		all[i].History = 1
		all[i].Storage = jetstream.FileStorage
		all[i].Replicas = b.cfg.Replicas
	}
	return all
}

// provision makes the streams, buckets and consumers what the configuration
// says. It may run any number of times, from any number of services.
func (b *Bus) provision(ctx context.Context) error {
	if !b.cfg.Provision {
		return b.find(ctx)
	}
	b.tellDrift(ctx)
	for _, cfg := range b.streams() {
		if err := b.once(ctx, func(ctx context.Context) error {
			_, err := b.JS.CreateOrUpdateStream(ctx, cfg)
			return err
		}); err != nil {
			return refused(fmt.Errorf("provision stream %s: %w", cfg.Name, err))
		}
	}
	for _, cfg := range b.buckets() {
		if err := b.once(ctx, func(ctx context.Context) error {
			_, err := b.JS.CreateOrUpdateKeyValue(ctx, cfg)
			return err
		}); err != nil {
			return refused(fmt.Errorf("provision bucket %s: %w", cfg.Bucket, err))
		}
	}
	for _, c := range b.consumers() {
		if err := b.ensure(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// find is provision for a service that may not make streams. Those that are not
// there yet another service is about to make. Consumers that the service was
// asked to ensure are its own.
func (b *Bus) find(ctx context.Context) error {
	for _, cfg := range b.streams() {
		if err := b.once(ctx, func(ctx context.Context) error {
			_, err := b.JS.Stream(ctx, cfg.Name)
			return err
		}); err != nil {
			return fmt.Errorf("look for stream %s, which another service makes: %w", cfg.Name, err)
		}
	}
	for _, cfg := range b.buckets() {
		if err := b.once(ctx, func(ctx context.Context) error {
			_, err := b.JS.KeyValue(ctx, cfg.Bucket)
			return err
		}); err != nil {
			return fmt.Errorf("look for bucket %s, which another service makes: %w", cfg.Bucket, err)
		}
	}
	b.mu.Lock()
	own := slices.Collect(maps.Values(b.ensured))
	b.mu.Unlock()
	for _, c := range own {
		if err := b.ensure(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// consumers are those that every installation has, and what EnsureConsumer
// was asked for.
func (b *Bus) consumers() []Consumer {
	all := []Consumer{
		{Stream: StreamEvents, Name: ConsumerRouter, MaxAckPending: b.cfg.RouterMaxAckPending, AckWait: b.cfg.AckWait},
		b.lane(LaneFresh), b.lane(LaneBulk), b.lane(LaneDue),
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.AppendSeq(all, maps.Values(b.ensured))
}

func (b *Bus) lane(lane Lane) Consumer {
	return Consumer{
		Stream: StreamDeliveries, Name: string(lane), Filter: prefixDeliveries + string(lane) + ".>",
		MaxAckPending: b.cfg.LaneMaxAckPending, AckWait: b.cfg.AckWait,
	}
}

// Consumer is a durable pull consumer that the clients of one kind share.
type Consumer struct {
	Stream, Name  string
	Filter        string // subject; empty for the whole stream
	MaxAckPending int
	AckWait       time.Duration
	// New has it begin, when it is made, with messages from then on rather than
	// with all that the stream holds. It cannot be changed afterwards.
	New bool
}

func (c Consumer) deliverPolicy() jetstream.DeliverPolicy {
	if c.New {
		return jetstream.DeliverNewPolicy
	}
	return jetstream.DeliverAllPolicy
}

// EnsureConsumer makes the consumer, or changes it into what is asked for. The
// bus remembers it, and makes it anew where it is found to be gone.
func (b *Bus) EnsureConsumer(ctx context.Context, c Consumer) error {
	b.mu.Lock()
	b.ensured[c.Stream+" "+c.Name] = c
	b.mu.Unlock()
	return b.ensure(ctx, c)
}

// ensure makes or changes the consumer. MaxDeliver is unlimited, for a work
// queue keeps for ever what has reached it, and BackOff stays unset, for it
// overrides AckWait and distorts NakWithDelay.
func (b *Bus) ensure(ctx context.Context, c Consumer) error {
	err := b.once(ctx, func(ctx context.Context) error {
		_, err := b.JS.CreateOrUpdateConsumer(ctx, c.Stream, jetstream.ConsumerConfig{
			Durable:       c.Name,
			FilterSubject: c.Filter,
			DeliverPolicy: c.deliverPolicy(),
			AckPolicy:     jetstream.AckExplicitPolicy,
			AckWait:       c.AckWait,
			MaxAckPending: c.MaxAckPending,
			MaxDeliver:    -1,
			MaxWaiting:    maxWaiting,
		})
		return err
	})
	if err != nil {
		return refused(fmt.Errorf("provision consumer %s of %s: %w", c.Name, c.Stream, err))
	}
	return nil
}

// maxWaiting is how many clients may ask one consumer for messages.
const maxWaiting = 4096

func unlimited(n int64) int64 {
	if n == 0 {
		return -1
	}
	return n
}

// setupTimeout bounds one request that sets something up.
const setupTimeout = 5 * time.Second

// once makes one request. A cluster that has no leader yet answers nothing, and
// does not answer later: who waited for ctx to end would not ask again.
func (b *Bus) once(ctx context.Context, request func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, b.setupTimeout)
	defer cancel()
	return request(ctx)
}
