package dialect

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/posthaste/posthaste/pkg/webhook"
	"github.com/posthaste/posthaste/services/internal/dialect/template"
	"github.com/posthaste/posthaste/services/internal/version"
)

func TestHeadersShareNothing(t *testing.T) {
	t.Parallel()
	d, in := builtinNamed(t, "aicity"), testDelivery()
	s := signerOf(t, d, testSecret)
	h := d.Header(in, testNow, nil, s)
	for name := range h {
		h[name] = append(h[name], "other")
	}
	plain := map[string][]string(h)
	if plain["X-City-Event"][0] != "task.claimed" || plain[webhook.HeaderTimestamp][0] != "1768473001" {
		t.Errorf("what was appended shows in a neighbour: %v", h)
	}
	if again := d.Header(in, testNow, nil, s); len(again["Content-Type"]) != 1 || len(again["User-Agent"]) != 1 {
		t.Errorf("what was appended shows in the next: %v", again)
	}
}

const headerFile = `
dialects:
  - name: x
    extends: github
    headers:
      x-SPELT-oddly: ${event.type}
      X-Source: ${event.source}
      X-Subject: "<${event.attributes.subject}>"
      X-Default: ${event.attributes.other|"none"}
      X-Absent: ${event.attributes.other}
      X-Text: ${event.data.text}
      X-Object: ${event.data.object|{}}
      X-Times: ${event.time} ${event.time.seconds} ${event.time.millis} ${event.time.unix} ${attempt.time.unix}
      X-Ids: ${event.id} ${delivery.id} ${subscription.id} ${tenant} ${trace.id} ${event.sequence}
      X-Attempt: ${attempt.id} ${attempt.number}
`

func TestHeaderValues(t *testing.T) {
	t.Parallel()
	d, in := named(t, loaded(t, headerFile), "x"), testDelivery()
	in.Attempt, in.TraceParent = 3, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	in.Event.Source = "/a\r\nX-Evil: 1\x00\x7f\u0085é\xff"
	in.Event.Attributes["subject"] = strings.Repeat("é", template.MaxHeaderValue)
	in.Event.Data = []byte(`{"text":"a\r\nb\u0000\"\ud83d\ude00","object":{"b":[1, 2]}}`)
	want := http.Header{
		"Content-Type": {"application/json"}, "User-Agent": {version.UserAgent()},
		"X-GitHub-Event": {"task.claimed"}, "X-GitHub-Delivery": {in.ID}, "x-SPELT-oddly": {"task.claimed"},
		"X-Source": {"/aX-Evil: 1é"}, "X-Subject": {"<" + strings.Repeat("é", template.MaxHeaderValue/2) + ">"}, "X-Default": {"none"},
		"X-Text": {`ab"😀`}, "X-Object": {`{"b":[1, 2]}`},
		"X-Times":   {"2026-01-15T10:30:00Z 2026-01-15T10:30:00Z 2026-01-15T10:30:00.000Z 1768473000 1768473001"},
		"X-Ids":     {"evt_abc123 " + in.ID + " " + in.SubscriptionID + " acme 0af7651916cd43dd8448eb211c80319c 42"},
		"X-Attempt": {in.ID + "_3 3"},
	}
	got := d.Header(in, testNow, nil, signerOf(t, d, testSecret))
	for _, name := range []string{"webhook-id", "webhook-timestamp", "webhook-signature", "X-Hub-Signature-256"} {
		if get(t, got, name) == "" {
			t.Errorf("%s is empty", name)
		}
		delete(got, name)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestAttemptIDs are never the same twice, though a replay begins again at 1.
func TestAttemptIDs(t *testing.T) {
	t.Parallel()
	d := builtinNamed(t, "agentrail")
	s := signerOf(t, d, testSecret)
	seen := map[string]bool{}
	for _, round := range []string{"", "rpl_1", "rpl_2"} {
		for attempt := range uint32(8) {
			in := testDelivery()
			in.Attempt, in.Round = attempt+1, round
			id := get(t, d.Header(in, testNow, nil, s), "x-agentrail-delivery-id")
			if seen[id] || !strings.HasPrefix(id, in.ID+"_") {
				t.Errorf("attempt %d of round %q: %s", attempt+1, round, id)
			}
			seen[id] = true
		}
	}
}

func TestStandardHeadersOff(t *testing.T) {
	t.Parallel()
	d := named(t, loaded(t, "dialects:\n- {name: x, extends: github, standard_headers: false}\n"), "x")
	h := d.Header(testDelivery(), testNow, nil, signerOf(t, d, testSecret))
	for name := range h {
		if strings.HasPrefix(name, standardStart) {
			t.Errorf("%s is sent", name)
		}
	}
	if len(h) != 5 || !strings.HasPrefix(get(t, h, "X-Hub-Signature-256"), "sha256=") {
		t.Errorf("%v", h)
	}
}

func TestOwnHeader(t *testing.T) {
	t.Parallel()
	d := builtinNamed(t, "aicity")
	for name, want := range map[string]bool{
		"x-city-event": true, "X-CITY-SIGNATURE": true, "webhook-id": true, "Webhook-Anything": true, "content-type": true, "User-Agent": true,
		"HOST": true, "content-length": true, "Transfer-Encoding": true, "connection": true, "traceparent": true, "te": true,
		"Authorization": false, "X-City": false, "X-Agentrail-Event-Id": false, "web": false, "": false, "Accept": false,
	} {
		if got := d.OwnHeader(name); got != want {
			t.Errorf("%q: %t, want %t", name, got, want)
		}
	}
}

// TestCustomSchemes: a receiver that is given the scheme of a dialect from a
// file verifies its deliveries.
func TestCustomSchemes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]webhook.Scheme{
		"- {name: x, extends: github, standard_headers: false, headers: {X-Time: '${attempt.time.unix}', X-Try: '${attempt.number}', X-Note: '${event.source}'}, " +
			"signature: {content: id.timestamp.body, encoding: base64, prefix: ''}, body: '{\"a\":{\"b\":${event.data},\"id\":${event.id}},\"t\":${event.time.unix},\"d\":${delivery.id}}'}": {
			Name: "x", SignatureHeader: "X-Hub-Signature-256", Content: webhook.SignIDTimestampBody, Encoding: webhook.Base64,
			IDHeader: "X-GitHub-Delivery", TypeHeader: "X-GitHub-Event", TimestampHeader: "X-Time", AttemptHeader: "X-Try",
			Required:        []string{"X-GitHub-Event", "X-GitHub-Delivery", "X-Time", "X-Try"},
			DeliveryIDField: "d", TimestampField: "t", DataField: "a",
		},
		"- {name: x, extends: agentrail, signature: {header: svix-signature, content: id.timestamp.body, encoding: base64, key: decoded, form: list, prefix: ''}, " +
			"secret: {algorithms: [hmac_sha256, ed25519]}, headers: {x-agentrail-subscription-id: ~, x-agentrail-event-id: ~, x-agentrail-event-type: ~, x-agentrail-delivery-attempt: ~}}": {
			Name: "x", SignatureHeader: "svix-signature", Content: webhook.SignIDTimestampBody, Encoding: webhook.Base64, Key: webhook.DecodedKey, Form: webhook.FormList,
			IDHeader: webhook.HeaderID, TimestampHeader: webhook.HeaderTimestamp, Required: []string{"x-agentrail-delivery-id"},
			IDField: "id", TypeField: "type", TimestampField: "occurredAt", DataField: "data",
		},
	} {
		d := named(t, loaded(t, "dialects:\n"+text+"\n"), "x")
		if diff := cmp.Diff(want, d.Scheme); diff != "" {
			t.Error(diff)
		}
	}
}

func TestHeadersUseData(t *testing.T) {
	t.Parallel()
	for _, d := range Builtin().All() {
		if d.HeadersUseData() {
			t.Errorf("%s: a retry would have to carry the data beside the body", d.Name)
		}
	}
	text, err := os.ReadFile("testdata/operator.yaml")
	if err != nil {
		t.Fatal(err)
	}
	set := loaded(t, string(text))
	if !named(t, set, "partner").HeadersUseData() || named(t, set, "partner-eu").HeadersUseData() {
		t.Error("X-Partner-Task is of the data in partner, and taken away in partner-eu")
	}
}
