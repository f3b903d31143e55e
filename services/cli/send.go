package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/posthaste/posthaste/pkg/client"
	"github.com/posthaste/posthaste/services/internal/settings"
)

type sendConfig struct {
	Server   serverConfig `embed:""`
	Type     string       `name:"type" group:"Event" help:"Type of the event, such as task.created." required:""`
	Data     string       `name:"data" group:"Event" unit:"JSON" help:"Data of the event."`
	DataFile string       `name:"data-file" group:"Event" unit:"path" help:"File with the data, - for standard input."`
	ID       string       `name:"id" group:"Event" help:"Id of the event; sending it again adds nothing. Empty: one is made."`
}

// Validate holds what a tag cannot.
func (c *sendConfig) Validate() error {
	switch {
	case c.Data == "" && c.DataFile == "":
		return settings.Wrong("data", "JSON, or a file of it by --data-file")
	case c.Data != "" && c.DataFile != "":
		return errors.New("data and data-file: both are set, expected one of them")
	case c.Data != "":
		return checkJSON("data", []byte(c.Data))
	}
	return nil
}

// send publishes one event and prints its id.
func (t *Terminal) send(ctx context.Context, cfg sendConfig) error {
	data, err := readData(cfg.Data, cfg.DataFile, t.In)
	if err != nil {
		return err
	}
	c, err := t.dial(cfg.Server)
	if err != nil {
		return err
	}
	sent, warnings, err := c.Events.Send(ctx, client.NewEvent{ID: cfg.ID, Type: cfg.Type, Data: data})
	if err != nil {
		return err
	}
	for _, w := range warnings {
		fmt.Fprintln(t.Err, "warning:", plain(w.Message))
	}
	if sent.Duplicate {
		fmt.Fprintln(t.Err, "the event was stored before; nothing was added")
	}
	return t.printer(cfg.Server).value(sent, sent.ID)
}
