package notify

import (
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/nicholas-fedor/shoutrrr/pkg/types"

	"github.com/posthaste/posthaste/services/internal/subscription"
)

// message is what the operator reads.
type message struct {
	title, text string
}

// notice is what there is to tell.
type notice struct {
	tenant, id string // of the subscription
	url        string // its endpoint, secrets and all
	reason     string
	at         time.Time
}

func (n *notice) message() message {
	return message{title: "Webhook disabled", text: fmt.Sprintf(`A webhook of tenant %s was disabled: %s.

Subscription: %s
Endpoint: %s
Disabled at: %s

No events go to it until it is enabled:
POST /v1/event-subscriptions/%s/enable?tenant=%s
What it missed can then be sent:
POST /v1/event-subscriptions/%s/replay?tenant=%s
`, plain(n.tenant), why(n.reason), plain(n.id), endpoint(n.url), n.at.UTC().Format(time.RFC3339),
		plain(n.id), url.QueryEscape(n.tenant), plain(n.id), url.QueryEscape(n.tenant))}
}

func why(reason string) string {
	switch reason {
	case subscription.DisabledConsecutiveFailures:
		return "its deliveries failed repeatedly"
	case subscription.DisabledGone:
		return "its endpoint answered 410"
	default:
		return "it failed"
	}
}

// maxEndpoint is in bytes; the rest of a longer URL helps nobody.
const maxEndpoint = 300

// endpoint is scheme, host and path of a URL. User and query may hold secrets.
func endpoint(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return "(not a URL)"
	}
	shown := plain((&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}).String())
	if len(shown) > maxEndpoint {
		return strings.ToValidUTF8(shown[:maxEndpoint], "") + "…"
	}
	return shown
}

// plain replaces what a reader would not see and what chats and mail readers
// take for markup.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || r == '<' || r == '>' {
			return '?'
		}
		return r
	}, text)
}

// as gives the message in the form that a service takes. Some refuse a title
// (pagerduty, wecom), drop it, or take it for something else (zulip's topic).
func (m message) as(scheme string) (text string, params types.Params) {
	switch scheme {
	case "googlechat", "hangouts", "matrix", "mattermost", "pagerduty", "rocketchat", "signal", "wecom", "zulip":
		return m.title + "\n\n" + m.text, types.Params{}
	}
	return m.text, types.Params{types.TitleKey: m.title}
}
