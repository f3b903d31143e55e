package cli

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/posthaste/posthaste/pkg/client"
	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/delivery"
	"github.com/posthaste/posthaste/services/internal/dialect"
)

type listenConfig struct {
	Server    serverConfig `embed:""`
	ForwardTo string       `name:"forward-to" group:"Delivery" unit:"URL" help:"Where to POST the events, such as http://localhost:3000/api/webhook." required:""`
	Types     []string     `name:"types" group:"Events" help:"Types of events: exact, prefixes (task.*) or * for all. Empty: all."`
	Cursor    string       `name:"cursor" group:"Events" help:"Where to begin: the cursor after which to go on. Empty: the oldest for list, from now on for tail and listen."`
	Signed    signedConfig `embed:""`
}

// Validate holds what a tag cannot.
func (c *listenConfig) Validate() error { return checkEndpoint("forward-to", c.ForwardTo) }

// forwarded is one event that was passed on.
type forwarded struct {
	Time       time.Time `json:"time"`
	Type       string    `json:"type"`
	ID         string    `json:"id"`
	Status     *int      `json:"status"` // null without an answer
	DurationMs float64   `json:"durationMs"`
	Error      string    `json:"error,omitempty"`
}

// listen forwards events until it is stopped. Each is POSTed once, whatever the
// receiver says.
func (t *Terminal) listen(ctx context.Context, cfg listenConfig) error {
	c, err := t.dial(cfg.Server)
	if err != nil {
		return err
	}
	s, err := t.sender(cfg.Signed, cfg.ForwardTo)
	if err != nil {
		return err
	}
	defer s.close()
	fmt.Fprintf(t.Err, "forwarding to %s in the dialect %s\n", cfg.ForwardTo, s.dialect.Name)
	p := t.printer(cfg.Server)
	return t.stream(ctx, c, client.StreamOptions{Types: cfg.Types, Cursor: cfg.Cursor}, func(e client.Event) error {
		sent := s.post(ctx, localDelivery(e))
		if ctx.Err() != nil {
			return ctx.Err() // it was stopped, and the receiver is not to blame
		}
		line := forwarded{t.Now().UTC(), e.Type, e.ID, sent.Status, sent.DurationMs, sent.Error}
		return p.value(line, line.text())
	})
}

func (f forwarded) text() string {
	text := fmt.Sprintf("%s  %s  %s  %s  %s", moment(&f.Time), plain(f.Type), plain(f.ID), status(f.Status), millis(f.DurationMs))
	if f.Error != "" {
		text += "  " + plain(f.Error)
	}
	return text
}

// localDelivery is the event for the subscription that there is none of.
func localDelivery(e client.Event) *dialect.Delivery {
	event := &posthastev1.Event{
		Id: e.ID, Tenant: e.Tenant, Type: e.Type, Source: e.Source, Time: timestamppb.New(e.Timestamp), Data: e.Data,
	}
	return &dialect.Delivery{
		Event: event, ID: delivery.ID(event, localSubscription), SubscriptionID: localSubscription, Attempt: 1, Sequence: e.Sequence,
	}
}
