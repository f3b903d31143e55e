package cli

import (
	"context"
	"io"
	"time"

	"github.com/posthaste/posthaste/services/internal/settings"
	"github.com/posthaste/posthaste/services/internal/ssrf"
)

// Terminal is what the verbs read and write.
type Terminal struct {
	In  io.Reader
	Out io.Writer // answers
	Err io.Writer // progress and remarks
	// KeyFile is read where no API key is given; "" for the one that posthaste
	// dev keeps in the working directory.
	KeyFile string
	// Now is the clock; nil for time.Now.
	Now func() time.Time
	// Resolver looks up the hosts of explain-url; nil for the system's.
	Resolver ssrf.Resolver
}

// devKeyFile is where posthaste dev keeps its key (its setting data-dir).
const devKeyFile = ".posthaste/api-key"

// Commands are the verbs, as rows of the table that main is.
func Commands(t Terminal) []settings.Command {
	if t.KeyFile == "" {
		t.KeyFile = devKeyFile
	}
	if t.Now == nil {
		t.Now = time.Now
	}
	return []settings.Command{
		verb(&t, "send", "publish an event", (*Terminal).send),
		verb(&t, "subscriptions", "list, create and change subscriptions", (*Terminal).subscriptions),
		verb(&t, "deliveries", "list deliveries, show one, make one again", (*Terminal).deliveries),
		verb(&t, "endpoints", "list the endpoints with most failed deliveries", (*Terminal).endpoints),
		verb(&t, "events", "list the events that are kept, or follow them", (*Terminal).events),
		verb(&t, "replay", "deliver events to a subscription once more", (*Terminal).replay),
		verb(&t, "audit", "balance what was accepted with what became of it", (*Terminal).audit),
		verb(&t, "keys", "make, list and revoke API keys", (*Terminal).keys),
		verb(&t, "listen", "forward events, signed, to a port of this machine", (*Terminal).listen),
		verb(&t, "webhook", "send a signed test event to an endpoint, without a server", (*Terminal).webhook),
		verb(&t, "explain-url", "say whether an endpoint may have a URL, and why", (*Terminal).explainURL),
	}
}

func verb[C any](t *Terminal, name, help string, run func(*Terminal, context.Context, C) error) settings.Command {
	return settings.For(name, help, func(ctx context.Context, cfg C) error { return run(t, ctx, cfg) })
}
