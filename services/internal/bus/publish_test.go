package bus

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"pgregory.net/rapid"

	"github.com/posthaste/posthaste/services/internal/testbed"
)

func TestPublishAcksAllInOrder(t *testing.T) {
	t.Parallel()
	b := connect(t, config(testbed.StartNATS(t).URL()))
	p := b.NewPublisher(1, 1<<20)
	msgs := messages(3*chunk+7, nil)
	acks := make([]Ack, len(msgs))
	if err := p.PublishOnce(t.Context(), msgs, acks); err != nil {
		t.Fatal(err)
	}
	for i, ack := range acks {
		if ack.Sequence != uint64(i+1) || ack.Duplicate {
			t.Fatalf("message %d has %+v", i, ack)
		}
	}
	if got := stored(t, b, StreamEvents); !slices.Equal(got, ids(msgs)) {
		t.Errorf("%d stored, want %d in order", len(got), len(msgs))
	}
	if err := p.PublishOnce(t.Context(), msgs, acks); err != nil {
		t.Fatal(err)
	}
	for i, ack := range acks {
		if ack.Sequence != uint64(i+1) || !ack.Duplicate {
			t.Fatalf("message %d, again, has %+v", i, ack)
		}
	}
}

func TestPublishNothing(t *testing.T) {
	t.Parallel()
	b := connect(t, config(testbed.StartNATS(t).URL()))
	if err := b.NewPublisher(1, 1).Publish(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

func TestPublishKeepsHeaders(t *testing.T) {
	t.Parallel()
	b := connect(t, config(testbed.StartNATS(t).URL()))
	msg := Msg{Subject: "events.t.x", ID: "1", Header: nats.Header{HeaderTraceparent: {"00-ab"}, "Other": {"x"}}}
	msg.Header = TraceContext(msg.Header)
	if err := b.NewPublisher(1, 1).Publish(t.Context(), []Msg{msg}); err != nil {
		t.Fatal(err)
	}
	s, err := b.JS.Stream(t.Context(), StreamEvents)
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.GetMsg(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if got.Header[HeaderTraceparent][0] != "00-ab" || got.Header["Other"] != nil {
		t.Errorf("headers %v", got.Header)
	}
	if TraceContext(nats.Header{"Other": {"x"}}) != nil {
		t.Error("a trace context of none")
	}
}

// Each part is within both bounds, or a single message.
func TestTakeStaysWithinItsBounds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := &Publisher{maxSize: rapid.Int64Range(1, 5000).Draw(t, "bound")}
		sizes := rapid.SliceOfN(rapid.IntRange(0, 3000), 1, 2*chunk).Draw(t, "sizes")
		msgs := make([]Msg, len(sizes))
		for i, n := range sizes {
			msgs[i].Data = make([]byte, n)
		}
		for rest := msgs; len(rest) > 0; {
			n, weight := p.take(rest)
			total := int64(0)
			for _, m := range rest[:n] {
				total += int64(len(m.Data))
			}
			if n < 1 || n > chunk || n > 1 && total > p.maxSize || weight != min(total, p.maxSize) {
				t.Fatalf("%d messages of %d bytes weigh %d", n, total, weight)
			}
			rest = rest[n:]
		}
	})
}

// A message larger than the bound of bytes goes out alone rather than never.
func TestPublishOverTheByteBound(t *testing.T) {
	t.Parallel()
	b := connect(t, config(testbed.StartNATS(t).URL()))
	msgs := messages(20, bytes.Repeat([]byte("x"), 2000))
	if err := b.NewPublisher(1, 1500).Publish(t.Context(), msgs); err != nil {
		t.Fatal(err)
	}
	if got := stored(t, b, StreamEvents); !slices.Equal(got, ids(msgs)) {
		t.Errorf("stored %v", got)
	}
}

func limitEvents(t *testing.T, b *Bus, most int64) {
	t.Helper()
	cfg := b.streams()[0]
	cfg.MaxMsgs = most
	if _, err := b.JS.UpdateStream(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
}

func TestPublishIntoAFullStream(t *testing.T) {
	t.Parallel()
	b := connect(t, config(testbed.StartNATS(t).URL()))
	limitEvents(t, b, 10)
	p := b.NewPublisher(1, 1<<20)
	msgs := messages(15, nil)
	acks := make([]Ack, len(msgs))
	if err := p.PublishOnce(t.Context(), msgs, acks); err == nil {
		t.Fatal("15 messages went into a stream of 10")
	}
	for i, ack := range acks {
		if want := i < 10; (ack.Sequence != 0) != want {
			t.Errorf("message %d has %+v, want it acked: %v", i, ack, want)
		}
	}
	published := make(chan error, 1)
	go func() { published <- p.Publish(t.Context(), msgs) }()
	select {
	case err := <-published:
		t.Fatalf("publishing into a full stream ended: %v", err)
	case <-time.After(100 * time.Millisecond):
	}
	limitEvents(t, b, -1)
	if err := recv(t, "the rest is published", published); err != nil {
		t.Fatal(err)
	}
	if got := stored(t, b, StreamEvents); !slices.Equal(got, ids(msgs)) {
		t.Errorf("stored %v, want each once", got)
	}
}

func TestPublishOutlivesARestart(t *testing.T) {
	t.Parallel()
	s := testbed.StartNATS(t)
	b := connect(t, config(s.URL()))
	p := b.NewPublisher(1, 64<<10)
	msgs := messages(20_000, nil)
	begun := make(chan struct{})
	published := make(chan error, 1)
	go func() {
		first := p.Publish(t.Context(), msgs[:chunk])
		close(begun)
		published <- errors.Join(first, p.Publish(t.Context(), msgs[chunk:]))
	}()
	recv(t, "publishing has begun", begun)
	s.Restart(t)
	if err := recv(t, "all is published", published); err != nil {
		t.Fatal(err)
	}
	info, err := b.JS.Stream(t.Context(), StreamEvents)
	if err != nil {
		t.Fatal(err)
	}
	if n := info.CachedInfo().State.Msgs; n != uint64(len(msgs)) {
		t.Errorf("%d stored, want %d, each once", n, len(msgs))
	}
}

func TestPublishEndsWithItsContext(t *testing.T) {
	t.Parallel()
	s := testbed.StartNATS(t)
	b := connect(t, config(s.URL()))
	s.Stop()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	err := b.NewPublisher(1, 1).Publish(ctx, messages(3, nil))
	if err == nil {
		t.Fatal("published without a server")
	}
	s.Start(t)
}

// Who waits for room in the publisher ends with its context too, and leaves
// the room as it was.
func TestPublishEndsWhileWaitingForRoom(t *testing.T) {
	t.Parallel()
	b := connect(t, config(testbed.StartNATS(t).URL()))
	p := b.NewPublisher(1, 100)
	if err := p.acquire(t.Context(), 1, 100); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := p.Publish(ctx, messages(1, nil)); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v", err)
	}
	p.count.Release(1)
	p.bytes.Release(100)
	if err := p.Publish(t.Context(), messages(chunk, nil)); err != nil {
		t.Fatal(err)
	}
}

func TestPublishGivesUpOnWhatCannotGo(t *testing.T) {
	t.Parallel()
	b := connect(t, config(testbed.StartNATS(t).URL()))
	p := b.NewPublisher(1, 1<<30)
	large := Msg{Subject: "events.t.x", ID: "large", Data: make([]byte, b.MaxPayload()+1)}
	if err := p.Publish(t.Context(), append(messages(2, nil), large)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("too large: %v", err)
	}
	header := Msg{Subject: "events.t.x", ID: "header", Header: nats.Header{"X": {strings.Repeat("x", 65<<10)}}}
	if err := p.Publish(t.Context(), []Msg{header}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("too large a header: %v", err)
	}
	if got := stored(t, b, StreamEvents); len(got) != 2 {
		t.Errorf("stored %v, want the two before it", got)
	}
	if err := p.Publish(t.Context(), []Msg{{Subject: "", ID: "x"}}); !errors.Is(err, nats.ErrBadSubject) {
		t.Errorf("bad subject: %v", err)
	}
	b.Close()
	if err := p.Publish(t.Context(), messages(1, nil)); !errors.Is(err, nats.ErrConnectionClosed) {
		t.Errorf("closed: %v", err)
	}
}

// While two publish at the same time, each keeps its own order.
func TestPublishersShareAConnection(t *testing.T) {
	t.Parallel()
	b := connect(t, config(testbed.StartNATS(t).URL()))
	p := b.NewPublisher(1, 1<<20)
	done := make(chan error, 4)
	for g := range 4 {
		go func() {
			msgs := messages(1000, nil)
			for i := range msgs {
				msgs[i].ID = fmt.Sprintf("%d-%04d", g, i)
			}
			done <- p.Publish(t.Context(), msgs)
		}()
	}
	for range 4 {
		if err := recv(t, "a publisher ends", done); err != nil {
			t.Fatal(err)
		}
	}
	last := map[byte]string{}
	for _, id := range stored(t, b, StreamEvents) {
		if id <= last[id[0]] {
			t.Fatalf("%s comes after %s", id, last[id[0]])
		}
		last[id[0]] = id
	}
}

func BenchmarkPublish(b *testing.B) {
	s, err := startBench(b)
	if err != nil {
		b.Fatal(err)
	}
	p := s.NewPublisher(4096, 64<<20)
	payload := make([]byte, 1024)
	for b.Loop() {
		msgs := make([]Msg, 100)
		for i := range msgs {
			msgs[i] = Msg{Subject: "deliveries.fresh.t.s", ID: nats.NewInbox(), Data: payload}
		}
		if err := p.Publish(b.Context(), msgs); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(100*b.N)/b.Elapsed().Seconds(), "msgs/s")
}
