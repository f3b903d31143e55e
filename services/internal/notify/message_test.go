package notify

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nicholas-fedor/shoutrrr/pkg/format"
	"github.com/nicholas-fedor/shoutrrr/pkg/router"
	"github.com/nicholas-fedor/shoutrrr/pkg/types"
)

func TestMessage(t *testing.T) {
	t.Parallel()
	told := notice{tenant: "acme", id: "evsub_1", url: "https://u:p@host:8443/a?b=c#d", reason: "consecutive_failures", at: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)}
	const want = `A webhook of tenant acme was disabled: its deliveries failed repeatedly.

Subscription: evsub_1
Endpoint: https://host:8443/a
Disabled at: 2026-01-02T03:04:05Z

No events go to it until it is enabled:
POST /v1/event-subscriptions/evsub_1/enable?tenant=acme
What it missed can then be sent:
POST /v1/event-subscriptions/evsub_1/replay?tenant=acme
`
	if got := told.message(); got.title != "Webhook disabled" || got.text != want {
		t.Errorf("got %q\n%s", got.title, got.text)
	}
}

func TestEndpoint(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"https://h/a%2Fb/%0a?x":   "https://h/a%2Fb/%0a",
		"https://h/\u202e/<b>/é":  "https://h/%E2%80%AE/%3Cb%3E/%C3%A9",
		"https://<!channel>/x":    "https://?!channel?/x",
		"https://a\u202eb.de/":    "https://a%E2%80%AEb.de/",
		"https://h/\n":            "(not a URL)",
		"mailto:a@b":              "(not a URL)",
		"":                        "(not a URL)",
		"http://[::1]:80/":        "http://[::1]:80/",
		"https://user@h":          "https://h",
		"https://h/?" + "a@b/c=d": "https://h/",
	} {
		if got := endpoint(url); got != want {
			t.Errorf("%q is shown as %s, want %s", url, got, want)
		}
	}
	if got := endpoint("https://h/" + strings.Repeat("x", 2000)); len(got) > maxEndpoint+len("…") || !strings.HasSuffix(got, "x…") {
		t.Errorf("a long one is shown as %s", got)
	}
	if got := plain("a\r\nBcc: \x00\u2028<b>é"); got != "a??Bcc: ???b?é" {
		t.Errorf("plain gives %q", got)
	}
}

// Every service gets the title in a way that it does not refuse.
func TestTitles(t *testing.T) {
	t.Parallel()
	services := new(router.ServiceRouter)
	for _, scheme := range services.ListServices() {
		text, params := message{"Title", "Text"}.as(scheme)
		if _, has := params[types.TitleKey]; has != (text == "Text") {
			t.Errorf("%s gets the title twice or never", scheme)
		} else if !has {
			continue
		}
		service, err := services.NewService(scheme)
		if err != nil {
			t.Fatal(err)
		}
		field := reflect.ValueOf(service).Elem().FieldByName("Config")
		config, ok := reflect.New(field.Type().Elem()).Interface().(types.ServiceConfig)
		if !ok {
			t.Fatalf("%s has no config", scheme)
		}
		resolver := format.NewPropKeyResolver(config)
		// notifiarr and logger take a title without a key of that name.
		if !slices.Contains(resolver.QueryFields(), types.TitleKey) && scheme != "notifiarr" && scheme != "logger" {
			t.Errorf("%s takes no title", scheme)
		}
	}
}

func TestCause(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`Post "http://h/hush404": dial tcp 127.0.0.1:1: connect: connection refused`: "connection refused",
		`dial tcp: lookup hush.example: no such host`:                                "host not found",
		`tls: failed to verify certificate: x509: hush`:                              "its certificate is not valid",
		`server returned unexpected response status code: 404 Not Found`:             "answered 404",
		`535 5.7.8 hush`:           "answered 535",
		`hush 200 OK`:              "refused",
		`/services/hush/500hush/x`: "refused",
		`unexpected EOF`:           "connection closed",
	} {
		if got := cause(errors.New(text)).Error(); got != want {
			t.Errorf("%q is told as %q, want %q", text, got, want)
		}
	}
	if cause(nil) != nil {
		t.Error("a cause of nothing")
	}
}

func TestPause(t *testing.T) {
	t.Parallel()
	var total time.Duration
	for i, want := range []float64{1, 3, 9, 27, 81, 243, 300, 300} {
		got := pause(uint64(i + 1))
		if got.Seconds() != want {
			t.Errorf("after try %d: %s, want %gs", i+1, got, want)
		}
		if i < 7 {
			total += got
		}
	}
	if total.Round(time.Minute) != 11*time.Minute {
		t.Errorf("8 tries take %s; the help says 11m", total)
	}
	if got := pause(1 << 40); got != maxPause {
		t.Errorf("after very many: %s", got)
	}
}

func TestMemoryForgets(t *testing.T) {
	t.Parallel()
	m := &memory{known: map[key]*record{}}
	r, now := &receiver{}, time.Now()
	old, young := key{id: "old"}, key{id: "young"}
	m.took(old, r, now)
	if !m.has(old, r) || m.has(old, &receiver{}) || m.has(young, r) {
		t.Error("remembers what it was not told, or not what it was")
	}
	m.took(young, r, now.Add(rememberFor+time.Second))
	if m.has(old, r) || !m.has(young, r) {
		t.Error("does not forget the old one alone")
	}
}
