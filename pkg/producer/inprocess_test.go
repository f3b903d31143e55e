package producer_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/posthaste/posthaste/pkg/internal/natstest"
	"github.com/posthaste/posthaste/pkg/producer"
)

// A cluster that lost its leader may have the message of the attempt before, and
// not know yet what becomes of it. That passes, so it is no refusal.
func TestRetryWhileInProcess(t *testing.T) {
	t.Parallel()
	for name, publish := range map[string]func(context.Context, *producer.Producer) error{
		"one": func(ctx context.Context, p *producer.Producer) error {
			_, err := p.Publish(ctx, event("1"))
			return err
		},
		"all": func(ctx context.Context, p *producer.Producer) error {
			_, err := p.PublishAll(ctx, []producer.Event{event("1")})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			nc := natstest.Start(t).Connect(t)
			var asked atomic.Int64
			if _, err := nc.Subscribe("events.>", func(msg *nats.Msg) {
				answer := `{"stream":"EVENTS","seq":1}`
				if asked.Add(1) == 1 {
					answer = `{"error":{"code":409,"err_code":10158,"description":"duplicate message id is in process"}}`
				}
				_ = msg.Respond([]byte(answer))
			}); err != nil {
				t.Fatal(err)
			}
			if err := publish(t.Context(), mustProducer(t, nc)); err != nil || asked.Load() != 2 {
				t.Errorf("after %d attempts: %v", asked.Load(), err)
			}
		})
	}
}
