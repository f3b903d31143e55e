package producer_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/posthaste/posthaste/pkg/internal/natstest"
	"github.com/posthaste/posthaste/pkg/producer"
)

func TestPublishAll(t *testing.T) {
	t.Parallel()
	nc := natstest.Start(t).Connect(t)
	stream := natstest.Stream(t, nc)
	p := mustProducer(t, nc)
	events := events(1000)
	events[7].ID = ""
	for _, again := range []bool{false, true} {
		acks, err := p.PublishAll(t.Context(), events)
		if err != nil {
			t.Fatal(err)
		}
		for i, ack := range acks {
			if ack.Sequence != uint64(i+1) || ack.Duplicate != again || events[i].ID != "" && ack.ID != events[i].ID || ack.ID == "" {
				t.Fatalf("ack %d is %+v", i, ack)
			}
		}
		events[7].ID = acks[7].ID
	}
	mustCount(t, stream, 1000)
	if acks, err := p.PublishAll(t.Context(), nil); err != nil || len(acks) != 0 {
		t.Fatalf("none: got %v, %v", acks, err)
	}
}

// TestPublishAllWindows takes more events than may wait at a time.
func TestPublishAllWindows(t *testing.T) {
	t.Parallel()
	nc := natstest.Start(t).Connect(t)
	stream := natstest.Stream(t, nc)
	acks, err := mustProducer(t, nc).PublishAll(t.Context(), events(4001))
	if err != nil || acks[4000].Sequence != 4001 {
		t.Fatalf("got %+v, %v", acks[4000], err)
	}
	mustCount(t, stream, 4001)
}

func TestPublishAllPartly(t *testing.T) {
	t.Parallel()
	nc := natstest.Start(t).Connect(t)
	stream := natstest.Stream(t, nc, func(c *jetstream.StreamConfig) { c.MaxMsgSize = 1000 })
	events := events(10)
	events[3].Data = json.RawMessage(`"` + strings.Repeat("x", 2000) + `"`)
	acks, err := mustProducer(t, nc).PublishAll(t.Context(), events)
	var batch *producer.BatchError
	if !errors.As(err, &batch) || len(batch.Failed) != 1 || batch.Failed[0].Index != 3 || batch.Failed[0].ID != "3" || !errors.Is(err, producer.ErrRefused) {
		t.Fatalf("got %v", err)
	}
	for i, ack := range acks {
		if (ack.Sequence == 0) != (i == 3) || ack.ID != events[i].ID {
			t.Errorf("ack %d is %+v", i, ack)
		}
	}
	mustCount(t, stream, 9)
}

func TestPublishAllInvalid(t *testing.T) {
	t.Parallel()
	nc := natstest.Start(t).Connect(t)
	stream := natstest.Stream(t, nc)
	events := events(10)
	events[2].Type, events[5].Data = "", nil
	_, err := mustProducer(t, nc).PublishAll(t.Context(), events)
	var batch *producer.BatchError
	if !errors.As(err, &batch) || len(batch.Failed) != 2 || !errors.Is(err, producer.ErrInvalid) {
		t.Fatalf("got %v", err)
	}
	for i, want := range []struct {
		index int
		field string
	}{{2, "type:"}, {5, "data:"}} {
		if failed := batch.Failed[i]; failed.Index != want.index || !strings.Contains(failed.Error(), want.field) {
			t.Errorf("failure %d is %v", i, failed)
		}
	}
	mustCount(t, stream, 0)
}

func TestPublishAllAcrossRestart(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t)
	nc := server.Connect(t)
	stream := natstest.Stream(t, nc)
	noted, retried := retries()
	p := mustProducer(t, nc, noted, producer.WithAckWait(200*time.Millisecond))
	server.Stop()
	done := make(chan error, 1)
	go func() {
		acks, err := p.PublishAll(t.Context(), events(100))
		for i, ack := range acks {
			if ack.Sequence == 0 {
				err = errors.Join(err, fmt.Errorf("event %d has no sequence", i))
			}
		}
		done <- err
	}()
	<-retried
	server.Restart(t)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	mustCount(t, stream, 100)
}

func events(n int) []producer.Event {
	all := make([]producer.Event, n)
	for i := range all {
		all[i] = event(strconv.Itoa(i))
	}
	return all
}

func BenchmarkPublish(b *testing.B) {
	nc := natstest.Start(b).Connect(b)
	natstest.Stream(b, nc)
	p, e := mustProducer(b, nc), kib()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Publish(b.Context(), e); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPublishAll reports the time of one event.
func BenchmarkPublishAll(b *testing.B) {
	nc := natstest.Start(b).Connect(b)
	natstest.Stream(b, nc)
	p := mustProducer(b, nc)
	all := make([]producer.Event, 1000)
	for i := range all {
		all[i] = kib()
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.PublishAll(b.Context(), all); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*len(all))/b.Elapsed().Seconds(), "events/s")
}

// kib is an event with 1 KiB of data and no id, so that each is new.
func kib() producer.Event {
	e := event("")
	e.Data = json.RawMessage(`"` + strings.Repeat("x", 1022) + `"`)
	return e
}
