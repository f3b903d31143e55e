package cli

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/oklog/ulid/v2"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/posthaste/posthaste/pkg/eventid"
	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/delivery"
	"github.com/posthaste/posthaste/services/internal/dialect"
)

type webhookConfig struct {
	Action   string       `arg:"" enum:"test" help:"What to do."`
	Endpoint string       `name:"endpoint" aliases:"url" group:"Delivery" unit:"URL" help:"Where to POST, such as http://localhost:3000/api/webhook; --url says the same." required:""`
	Signed   signedConfig `embed:""`
	Type     string       `name:"type" group:"Event" help:"Type of the event. Empty: the dialect's ping."`
	Data     string       `name:"data" group:"Event" unit:"JSON" help:"Data of the event. Empty: the example that the dialect has for the type, else {}."`
	DataFile string       `name:"data-file" group:"Event" unit:"path" help:"File with the data, - for standard input."`
	JSON     bool         `name:"json" group:"Output" help:"Print one JSON value a line, for programs."`
}

// Validate holds what a tag cannot.
func (c *webhookConfig) Validate() error {
	if err := checkEndpoint("endpoint", c.Endpoint); err != nil {
		return err
	}
	switch {
	case c.Data != "" && c.DataFile != "":
		return errors.New("data and data-file: both are set, expected one of them")
	case c.Data != "":
		return checkJSON("data", []byte(c.Data))
	case c.Type != "":
		return eventid.CheckType(c.Type)
	}
	return nil
}

// webhook is webhook test: one signed event, from this machine, and what came
// of it (N6).
func (t *Terminal) webhook(ctx context.Context, cfg webhookConfig) error {
	data, err := readData(cfg.Data, cfg.DataFile, t.In)
	if err != nil {
		return err
	}
	s, err := t.sender(cfg.Signed, cfg.Endpoint)
	if err != nil {
		return err
	}
	defer s.close()
	result := s.post(ctx, t.testDelivery(s.dialect, cfg.Type, data))
	if !cfg.JSON {
		t.showPosted(result)
	} else if err := (printer{t.Out, true}).line(result); err != nil {
		return err
	}
	switch {
	case result.Error != "":
		return fmt.Errorf("the endpoint did not answer: %s", plain(result.Error))
	case !result.Success:
		return fmt.Errorf("the endpoint answered %d, expected 2xx", *result.Status)
	}
	return nil
}

// localSubscription stands for the subscription that there is none of.
const localSubscription = "evsub_local"

// testDelivery is a ping, or one of the type that is named.
func (t *Terminal) testDelivery(d *dialect.Dialect, typ string, data json.RawMessage) *dialect.Delivery {
	now := t.Now()
	e := &posthastev1.Event{Id: eventid.New(), Tenant: "default", Type: typ, Time: timestamppb.New(now), Data: data}
	if data == nil {
		e.Data = example(d, typ)
	}
	in := &dialect.Delivery{Event: e, SubscriptionID: localSubscription, Attempt: 1, Sequence: 1}
	if typ == "" {
		e.Type = d.Ping.Type
		in.ID = d.Ping.IDPrefix + ulid.MustNew(ulid.Timestamp(now), rand.Reader).String()
		return in
	}
	in.ID = delivery.ID(e, localSubscription)
	return in
}

// example is data as the type may have it.
func example(d *dialect.Dialect, typ string) json.RawMessage {
	if typ == "" {
		return d.Ping.Data
	}
	for _, known := range d.EventTypes {
		if known.Name == typ && known.Example != nil {
			return known.Example
		}
	}
	return json.RawMessage("{}")
}

// showPosted is for people: what was sent, then what came back.
func (t *Terminal) showPosted(p posted) {
	fmt.Fprintln(t.Out, "sent")
	for _, name := range slices.Sorted(maps.Keys(p.Headers)) {
		fmt.Fprintf(t.Out, "  %s: %s\n", name, plain(p.Headers[name]))
	}
	fmt.Fprintf(t.Out, "\n  %s\n\nanswer\n", plain(p.Sent))
	fmt.Fprintf(t.Out, "  status %s after %s\n", status(p.Status), millis(p.DurationMs))
	if p.Body != "" {
		fmt.Fprintf(t.Out, "\n  %s\n", plain(p.Body))
	}
}
