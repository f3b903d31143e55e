package load

import (
	"context"
	"fmt"

	"github.com/nats-io/nats.go"

	"github.com/posthaste/posthaste/pkg/producer"
)

// FloodNATS publishes events straight to NATS with pkg/producer, as fast as
// they are taken.
func FloodNATS(ctx context.Context, url string, s *Source, events, batch, workers int) error {
	conn, err := nats.Connect(url)
	if err != nil {
		return fmt.Errorf("flood: %w", err)
	}
	defer conn.Close()
	p, err := producer.New(conn)
	if err != nil {
		return err
	}
	return InParts(ctx, events, batch, workers, func(ctx context.Context, n int) error {
		batch := make([]producer.Event, n)
		for i := range batch {
			data, number := s.data(nil)
			batch[i] = producer.Event{ID: fmt.Sprintf("%s-%d", s.Type, number), Tenant: s.Tenant, Type: s.Type, Data: data}
		}
		_, err := p.PublishAll(ctx, batch)
		return err
	})
}
