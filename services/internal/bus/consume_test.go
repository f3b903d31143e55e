package bus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/posthaste/posthaste/services/internal/testbed"
)

// put publishes n events whose ids begin with the prefix.
func put(t *testing.T, b *Bus, prefix string, n int) {
	t.Helper()
	msgs := make([]Msg, n)
	for i := range msgs {
		msgs[i] = Msg{Subject: "events.t.x", ID: fmt.Sprintf("%s%d", prefix, i)}
	}
	if err := b.NewPublisher(1, 1<<20).Publish(t.Context(), msgs); err != nil {
		t.Fatal(err)
	}
}

// arrivals acks what comes and tells its Msg-Id.
func arrivals(t *testing.T, b *Bus) <-chan string {
	t.Helper()
	came := make(chan string, 1000)
	consuming(t, b, StreamEvents, ConsumerRouter, func(msg jetstream.Msg) {
		_ = msg.Ack()
		came <- msg.Headers().Get(jetstream.MsgIDHeader)
	})
	return came
}

func TestConsumeInOrder(t *testing.T) {
	t.Parallel()
	b := connect(t, config(testbed.StartNATS(t).URL()))
	came := arrivals(t, b)
	put(t, b, "a", 200)
	for i := range 200 {
		if got, want := recv(t, "an event", came), fmt.Sprint("a", i); got != want {
			t.Fatalf("%s comes, want %s", got, want)
		}
	}
}

// What was fetched when the context ends reaches handle all the same, which
// gives it back, and another gets it without waiting for AckWait.
func TestConsumeDrains(t *testing.T) {
	t.Parallel()
	b := connect(t, config(testbed.StartNATS(t).URL()))
	put(t, b, "a", 50)
	ctx, cancel := context.WithCancel(t.Context())
	var handled, before int
	// The answer to the look-up of the consumer, and then the events. One that
	// the server is still sending when the client leaves is handed out again
	// only after AckWait.
	fetched := b.NC.Stats().InMsgs + 1 + 50
	err := b.Consume(ctx, StreamEvents, ConsumerRouter, ConsumeOptions{Prefetch: 50, PrefetchBytes: 1 << 20}, func(msg jetstream.Msg) {
		if handled++; handled == 1 {
			testbed.Eventually(t, "all is fetched", func() bool { return b.NC.Stats().InMsgs >= fetched })
			cancel()
		}
		if ctx.Err() == nil {
			before++
		}
		_ = msg.Nak()
	})
	if err != nil || handled < 50 || before != 0 { // what was given back may have come again meanwhile
		t.Fatalf("%v; %d handled, %d before the end; want 50 or more, and 0", err, handled, before)
	}
	came := arrivals(t, b)
	for range 50 {
		recv(t, "an event that was given back", came)
	}
}

func TestConsumeOutlives(t *testing.T) {
	t.Parallel()
	for name, disturb := range map[string]func(*testing.T, *testbed.NATS, *Bus){
		"a restart":          func(t *testing.T, s *testbed.NATS, _ *Bus) { t.Helper(); s.Restart(t) },
		"a wiped server":     func(t *testing.T, s *testbed.NATS, _ *Bus) { t.Helper(); s.Wipe(t) },
		"a deleted consumer": func(t *testing.T, _ *testbed.NATS, b *Bus) { t.Helper(); remove(t, b.JS.DeleteConsumer) },
		"a deleted stream": func(t *testing.T, _ *testbed.NATS, b *Bus) {
			t.Helper()
			remove(t, func(ctx context.Context, stream, _ string) error { return b.JS.DeleteStream(ctx, stream) })
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := testbed.StartNATS(t)
			b := connect(t, config(s.URL()))
			came := arrivals(t, b)
			put(t, b, "before", 1)
			recv(t, "an event before", came)
			disturb(t, s, b)
			testbed.Eventually(t, "the stream is there", func() bool {
				_, err := b.JS.Stream(t.Context(), StreamEvents)
				return err == nil
			})
			put(t, b, "after", 1)
			for recv(t, "an event after", came) != "after0" {
			}
		})
	}
}

func remove(t *testing.T, do func(context.Context, string, string) error) {
	t.Helper()
	if err := do(t.Context(), StreamEvents, ConsumerRouter); err != nil {
		t.Fatal(err)
	}
}

// A consumer that was asked for once is made anew like the bus's own.
func TestEnsuredConsumerComesBack(t *testing.T) {
	t.Parallel()
	s := testbed.StartNATS(t)
	b := connect(t, config(s.URL()))
	err := b.EnsureConsumer(t.Context(), Consumer{Stream: StreamDelays, Name: "tier", Filter: "delays.tier.>", MaxAckPending: 10, AckWait: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	came := make(chan string, 10)
	consuming(t, b, StreamDelays, "tier", func(msg jetstream.Msg) {
		_ = msg.Ack()
		came <- msg.Subject()
	})
	s.Wipe(t)
	testbed.Eventually(t, "the consumer is there", func() bool {
		_, err := b.JS.Consumer(t.Context(), StreamDelays, "tier")
		return err == nil
	})
	if err := b.NewPublisher(1, 1).Publish(t.Context(), []Msg{{Subject: "delays.tier.t.s", ID: "1"}}); err != nil {
		t.Fatal(err)
	}
	recv(t, "a message", came)
}

// A stop while the server is away takes no longer than one when it is there.
func TestConsumeEndsWithoutAServer(t *testing.T) {
	t.Parallel()
	s := testbed.StartNATS(t)
	b := connect(t, config(s.URL()))
	came := make(chan string, 10)
	stop := consuming(t, b, StreamEvents, ConsumerRouter, func(msg jetstream.Msg) { came <- msg.Subject() })
	put(t, b, "a", 1)
	recv(t, "an event", came)
	s.Stop()
	testbed.Eventually(t, "the loss is seen", func() bool { return !b.Connected() })
	begin := time.Now()
	stop()
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("took %s", took)
	}
}

func TestConsumeWithoutAConsumer(t *testing.T) {
	t.Parallel()
	b := connect(t, config(testbed.StartNATS(t).URL()))
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if err := b.Consume(ctx, StreamEvents, "nobody", ConsumeOptions{Prefetch: 1, PrefetchBytes: 1 << 20}, func(jetstream.Msg) {}); err != nil {
		t.Error(err)
	}
}

// counted counts the deliveries of one message with and without a keeper.
func TestKeeper(t *testing.T) {
	t.Parallel()
	cfg := config(testbed.StartNATS(t).URL())
	cfg.AckWait = time.Second
	b := connect(t, cfg)
	k := b.NewKeeper()
	testbed.Running(t, k.Run)
	var deliveries atomic.Int64
	first := make(chan *Held, 1)
	again := make(chan time.Time, 10)
	consuming(t, b, StreamEvents, ConsumerRouter, func(msg jetstream.Msg) {
		if deliveries.Add(1) > 1 {
			again <- time.Now()
			_ = msg.Ack()
			return
		}
		first <- k.Hold(msg, time.Now())
	})
	put(t, b, "a", 1)
	h := recv(t, "the event", first)
	select {
	case <-again:
		t.Fatal("handed out again while it was being worked on")
	case <-time.After(5 * cfg.AckWait / 2):
	}
	h.Release()
	stopped := time.Now()
	if at := recv(t, "the event, given up", again); at.Sub(stopped) < cfg.AckWait/2 {
		t.Errorf("handed out again %s after the last word", at.Sub(stopped))
	}
	h.Release() // a second time does nothing
}

// silent counts words to the server.
type silent struct {
	jetstream.Msg
	words atomic.Int64
}

func (s *silent) InProgress() error { s.words.Add(1); return nats.ErrConnectionClosed }

func TestKeeperEnds(t *testing.T) {
	t.Parallel()
	k := newKeeper(30 * time.Millisecond)
	testbed.Running(t, k.Run)
	msgs := make([]*silent, 5)
	held := make([]*Held, len(msgs))
	for i := range msgs {
		msgs[i] = &silent{}
		held[i] = k.Hold(msgs[i], time.Now())
	}
	for i, msg := range msgs {
		testbed.Eventually(t, "it speaks up", func() bool { return msg.words.Load() > 2 })
		held[i].Release()
		at := msg.words.Load()
		<-time.After(30 * time.Millisecond)
		if now := msg.words.Load(); now != at {
			t.Errorf("%d words after its end", now-at)
		}
	}
	if len(k.held) != 0 {
		t.Errorf("%d still held", len(k.held))
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for subject, want := range map[string][]string{
		"events.t.task.done": {"t", "task.done"}, "events.t.x": {"t", "x"},
		"events.t": nil, "events..x": nil, "events.t.": nil, "other.t.x": nil, "": nil,
	} {
		tenant, typ, ok := SplitEventSubject(subject)
		if ok != (want != nil) || ok && !slices.Equal([]string{tenant, typ}, want) {
			t.Errorf("%q is %q, %q, %v", subject, tenant, typ, ok)
		}
	}
	for got, want := range map[string]string{
		DeliverySubject(LaneFresh, "t", "s"): "deliveries.fresh.t.s",
		DelaySubject("10s", "t", "s"):        "delays.10s.t.s",
		AttemptSubject("t", "s"):             "attempts.t.s",
		RejectedSubject("t"):                 "rejected.t",
		SubscriptionKey("t", "s"):            "t.s",
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestFinalErrors(t *testing.T) {
	t.Parallel()
	for _, err := range []error{jetstream.ErrConsumerDeleted, jetstream.ErrConsumerNotFound, jetstream.ErrStreamNotFound, jetstream.ErrBadRequest, nats.ErrNoResponders} {
		if !final(fmt.Errorf("wrapped: %w", err)) {
			t.Errorf("%v is not final", err)
		}
	}
	for _, err := range []error{jetstream.ErrNoHeartbeat, jetstream.ErrConsumerLeadershipChanged, errors.New("other"), nats.ErrDisconnected} {
		if final(err) {
			t.Errorf("%v is final", err)
		}
	}
}
