package docstest

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/posthaste/posthaste/pkg/webhook"
	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/delivery"
	"github.com/posthaste/posthaste/services/internal/dialect"
)

// The worked example of docs/dialects.md.
var (
	exampleEvent = &posthastev1.Event{
		Id: "order-18", Tenant: "default", Type: "task.created",
		Time: timestamppb.New(time.Date(2026, 1, 15, 10, 30, 0, 0, time.UTC)),
		Data: []byte(`{"taskId":"t1", "n": 1.0}`),
	}
	exampleSubscription = "evsub_01M7ZVZ4QCPE4E6QYW9P7ATQYE"
	exampleSecret       = "whsec_cG9zdGhhc3RlLWV4YW1wbGUtc2VjcmV0LTAwMDE="
	exampleAttempt      = time.Unix(1768473001, 0)
	exampleBlock        = regexp.MustCompile("(?s)```http\n(.*?)\n```")
)

func TestExampleDelivery(t *testing.T) {
	t.Parallel()
	page := read(t, "docs/dialects.md")
	found := exampleBlock.FindStringSubmatch(page)
	if found == nil {
		t.Fatal("docs/dialects.md has no example")
	}
	secret, err := webhook.ParseSecret(exampleSecret)
	if err != nil {
		t.Fatal(err)
	}
	d := dialect.Builtin().Default()
	signer, err := d.NewSigner(exampleSecret)
	if err != nil {
		t.Fatal(err)
	}
	in := dialect.Delivery{Event: exampleEvent, ID: delivery.ID(exampleEvent, exampleSubscription), SubscriptionID: exampleSubscription, Attempt: 1}
	body := d.AppendBody(nil, &in)
	header := d.Header(&in, exampleAttempt, body, signer)
	checkExample(t, found[1], header, body)
	for _, said := range []string{exampleSecret, exampleSubscription} {
		if !strings.Contains(page, said) {
			t.Errorf("docs/dialects.md does not say %s", said)
		}
	}
	verifier, err := webhook.NewVerifier([]webhook.Secret{secret}, webhook.WithClock(func() time.Time { return exampleAttempt }))
	if err != nil {
		t.Fatal(err)
	}
	canonical := make(http.Header)
	for name, values := range header {
		canonical.Set(name, values[0])
	}
	if _, err := verifier.Parse(canonical, body); err != nil {
		t.Errorf("the example does not verify: %v", err)
	}
}

func checkExample(t *testing.T, example string, header http.Header, body []byte) {
	t.Helper()
	head, shown, _ := strings.Cut(example, "\n\n")
	if shown != string(body) {
		t.Errorf("the page's body is\n%s\nand the dialect's\n%s", shown, body)
	}
	for _, name := range []string{"Content-Type", webhook.HeaderID, webhook.HeaderTimestamp, webhook.HeaderSignature} {
		if line := name + ": " + header[name][0]; !strings.Contains(head+"\n", line+"\n") {
			t.Errorf("the page's headers have no line %q", line)
		}
	}
	if line := "Content-Length: " + strconv.Itoa(len(body)); !strings.Contains(head+"\n", line+"\n") {
		t.Errorf("the page's headers have no line %q", line)
	}
}
