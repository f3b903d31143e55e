package producer_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/posthaste/posthaste/pkg/producer"
)

func ExampleProducer_Publish() {
	nc, stop := connect()
	defer stop()

	p, err := producer.New(nc)
	if err != nil {
		panic(err)
	}
	event, err := producer.NewEvent("task.claimed", map[string]any{"task": 7})
	if err != nil {
		panic(err)
	}
	ack, err := p.Publish(context.Background(), event)
	if err != nil {
		panic(err)
	}
	fmt.Println(strings.HasPrefix(ack.ID, "evt_"), ack.Sequence)

	// Publishing it again by its id adds nothing.
	event.ID = ack.ID
	ack, err = p.Publish(context.Background(), event)
	fmt.Println(ack.Duplicate, err)
	// Output:
	// true 1
	// true <nil>
}

func ExampleProducer_PublishAll() {
	nc, stop := connect()
	defer stop()

	p, err := producer.New(nc)
	if err != nil {
		panic(err)
	}
	acks, err := p.PublishAll(context.Background(), []producer.Event{
		{ID: "order-1", Tenant: "acme", Type: "marketplace.order", Data: []byte(`{"total": 10}`)},
		{ID: "order-2", Tenant: "acme", Type: "marketplace.order", Data: []byte(`{"total": 20}`)},
	})
	fmt.Println(acks[0].ID, acks[0].Sequence, acks[1].ID, acks[1].Sequence, err)
	// Output: order-1 1 order-2 2 <nil>
}

// connect stands for nats.Connect(url). It runs a server with the EVENTS
// stream.
func connect() (*nats.Conn, func()) {
	dir, err := os.MkdirTemp("", "producer-example")
	if err != nil {
		panic(err)
	}
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: dir, NoLog: true, NoSigs: true})
	if err != nil {
		panic(err)
	}
	s.Start()
	if !s.ReadyForConnections(20 * time.Second) {
		panic("the NATS server did not get ready")
	}
	nc, err := nats.Connect(s.ClientURL())
	if err != nil {
		panic(err)
	}
	js, err := jetstream.New(nc)
	if err != nil {
		panic(err)
	}
	if _, err := js.CreateStream(context.Background(), jetstream.StreamConfig{Name: "EVENTS", Subjects: []string{"events.>"}}); err != nil {
		panic(err)
	}
	return nc, func() {
		nc.Close()
		s.Shutdown()
		s.WaitForShutdown()
		_ = os.RemoveAll(dir)
	}
}
