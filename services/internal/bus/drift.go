package bus

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Difference is a stream, bucket or consumer that is not as the settings say.
type Difference struct {
	What string // such as "stream EVENTS"; a bucket's stream is KV_<bucket>
	Name string // of the property, such as max_age
	Is   string
	Want string
	// Breaks says that messages may be lost, or handed out no more.
	Breaks bool
}

func (d Difference) String() string {
	return fmt.Sprintf("%s: %s is %s, and the settings say %s", d.What, d.Name, d.Is, d.Want)
}

// Drift compares the streams and buckets with the settings, and with consumers
// also what every installation has of those. What is not there yet is no
// difference. The order is that of provisioning.
func (b *Bus) Drift(ctx context.Context, consumers bool) ([]Difference, error) {
	var all []Difference
	for _, want := range b.kept() {
		info, err := b.StreamInfo(ctx, want.Name)
		if errors.Is(err, jetstream.ErrStreamNotFound) {
			continue
		}
		if err != nil {
			return all, err
		}
		all = append(all, compareStreams(info.Config, want)...)
	}
	if !consumers {
		return all, nil
	}
	for _, want := range b.consumers() {
		c, err := b.JS.Consumer(ctx, want.Stream, want.Name)
		if errors.Is(err, jetstream.ErrConsumerNotFound) || errors.Is(err, jetstream.ErrStreamNotFound) {
			continue
		}
		if err != nil {
			return all, fmt.Errorf("look at consumer %s of %s: %w", want.Name, want.Stream, err)
		}
		all = append(all, compareConsumers(c.CachedInfo().Config, want)...)
	}
	return all, nil
}

// StreamInfo asks for a stream, or for that of a bucket (KV_<bucket>). The error
// is jetstream.ErrStreamNotFound where there is none.
func (b *Bus) StreamInfo(ctx context.Context, name string) (*jetstream.StreamInfo, error) {
	s, err := b.JS.Stream(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("look at stream %s: %w", name, err)
	}
	return s.CachedInfo(), nil // of this moment
}

// Kept names all streams that hold what is ours, those of buckets among them.
func (b *Bus) Kept() []string {
	var names []string
	for _, cfg := range b.kept() {
		names = append(names, cfg.Name)
	}
	return names
}

// bucketStream begins the name of the stream that a bucket is kept in.
const bucketStream = "KV_"

// kept is what Drift compares: the streams, and the buckets as streams.
func (b *Bus) kept() []jetstream.StreamConfig {
	all := b.streams()
	for _, bucket := range b.buckets() {
		all = append(all, jetstream.StreamConfig{
			Name: bucketStream + bucket.Bucket, Subjects: []string{"$KV." + bucket.Bucket + ".>"}, MaxMsgsPerSubject: int64(bucket.History),
			MaxAge: bucket.TTL, Storage: bucket.Storage, Replicas: bucket.Replicas, Discard: jetstream.DiscardNew,
		})
	}
	return all
}

func compareStreams(is, want jetstream.StreamConfig) []Difference {
	c := comparison{what: "stream " + want.Name}
	c.add("subjects", strings.Join(is.Subjects, " "), strings.Join(want.Subjects, " "), true)
	c.add("retention", is.Retention, want.Retention, true)
	c.add("storage", is.Storage, want.Storage, true)
	c.add("discard", is.Discard, want.Discard, want.Discard == jetstream.DiscardNew)
	c.add("max_age", is.MaxAge, want.MaxAge, is.MaxAge != 0 && (want.MaxAge == 0 || is.MaxAge < want.MaxAge))
	c.add("max_msgs", count(is.MaxMsgs), count(want.MaxMsgs), false)
	c.add("max_bytes", count(is.MaxBytes), count(want.MaxBytes), false)
	c.add("max_msgs_per_subject", count(is.MaxMsgsPerSubject), count(want.MaxMsgsPerSubject), true)
	c.add("max_msg_size", count(int64(is.MaxMsgSize)), count(int64(want.MaxMsgSize)), false)
	c.add("num_replicas", is.Replicas, want.Replicas, is.Replicas < want.Replicas)
	c.add("no_ack", is.NoAck, false, true)
	c.add("sealed", is.Sealed, false, true)
	if !strings.HasPrefix(want.Name, bucketStream) {
		// The server gives a bucket's stream a window of its own.
		c.add("duplicate_window", is.Duplicates, want.Duplicates, false)
		// A copy that lags behind would answer that there is nothing.
		c.add("allow_direct", is.AllowDirect, want.AllowDirect, want.Name == StreamEvents)
	}
	return c.found
}

func compareConsumers(is jetstream.ConsumerConfig, want Consumer) []Difference {
	c := comparison{what: "consumer " + want.Name + " of " + want.Stream}
	c.add("filter_subject", is.FilterSubject, want.Filter, true)
	c.add("ack_policy", is.AckPolicy, jetstream.AckExplicitPolicy, true)
	c.add("ack_wait", is.AckWait, want.AckWait, false)
	c.add("max_ack_pending", is.MaxAckPending, want.MaxAckPending, false)
	c.add("max_deliver", is.MaxDeliver, -1, true)
	c.add("backoff", len(is.BackOff), 0, false)
	return c.found
}

// comparison gathers the differences of one stream or consumer.
type comparison struct {
	what  string
	found []Difference
}

func (c *comparison) add(name string, is, want any, breaks bool) {
	if is != want {
		c.found = append(c.found, Difference{What: c.what, Name: name, Is: shown(is), Want: shown(want), Breaks: breaks})
	}
}

func shown(v any) string {
	if d, ok := v.(time.Duration); ok && d == 0 {
		return "no limit"
	}
	return fmt.Sprint(v)
}

// count has one value for no limit, as the server has two.
func count(n int64) any {
	if n <= 0 {
		return "no limit"
	}
	return n
}

// tellDrift says what provisioning is about to change: somebody may have changed
// it by hand, and would look for it in vain.
func (b *Bus) tellDrift(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, b.setupTimeout) // a cluster without a leader does not answer
	defer cancel()
	found, err := b.Drift(ctx, true)
	if err != nil {
		b.log.Debug("streams not compared", "error", err)
	}
	for _, d := range found {
		b.log.Warn("changed to what the settings say", "what", d.What, "property", d.Name, "was", d.Is, "is", d.Want)
	}
}
