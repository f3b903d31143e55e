package docstest

import (
	"context"
	"net/http"
	"os/exec"
	"regexp"
	"slices"
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

// What the worked examples of docs/dialects.md have in common.
const (
	exampleSubscription = "evsub_01M7ZVZ4QCPE4E6QYW9P7ATQYE"
	exampleSequence     = 42
	exampleTrace        = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
)

var (
	exampleTime    = time.Date(2026, 1, 15, 10, 30, 0, 0, time.UTC)
	exampleAttempt = time.Unix(1768473001, 0)
	exampleBlock   = regexp.MustCompile("(?s)```http\n(.*?)\n```")
	shellBlock     = regexp.MustCompile("(?s)```sh\n(.*?)\n```")
)

// example is one of them: it stands in the section of its dialect.
type example struct{ dialect, secret, id, eventType, data string }

var examples = []example{
	{"standard", "whsec_cG9zdGhhc3RlLWV4YW1wbGUtc2VjcmV0LTAwMDE=", "order-18", "task.created", `{"taskId":"t1", "n": 1.0}`},
	{"neiracore", "neiracore-example-secret", "evt_task_claimed_1", "task.claimed", `{"taskId":"task_abc123","claimerAid":"a1b2c3d4"}`},
	{"aicity", "whsec_cG9zdGhhc3RlLWV4YW1wbGUtc2VjcmV0LTAwMDE=", "evt_task_completed_1", "task.completed", `{"taskId":"clx1abc"}`},
	{"agentrail", "agentrail-example-secret", "evt_task_updated_1", "task.updated", `{"taskId":"task_abc123","taskVersion":2}`},
}

// sent is the request that the dispatcher would make.
func (e example) sent(t *testing.T) (header http.Header, body []byte) {
	t.Helper()
	d, ok := dialect.Builtin().Get(e.dialect)
	if !ok {
		t.Fatalf("there is no dialect %s", e.dialect)
	}
	signer, err := d.NewSigner(e.secret)
	if err != nil {
		t.Fatal(err)
	}
	event := &posthastev1.Event{
		Id: e.id, Tenant: "default", Type: e.eventType, Time: timestamppb.New(exampleTime), Data: []byte(e.data),
	}
	in := &dialect.Delivery{
		Event: event, ID: delivery.ID(event, exampleSubscription), SubscriptionID: exampleSubscription,
		Attempt: 1, Sequence: exampleSequence, TraceParent: exampleTrace,
	}
	body = d.AppendBody(nil, in)
	return d.Header(in, exampleAttempt, body, signer), body
}

// section is what stands below the heading of that name, up to the next of its
// depth.
func section(t *testing.T, page, title string) string {
	t.Helper()
	_, below, found := strings.Cut(page, "\n## "+title+"\n")
	if !found {
		t.Fatalf("the page has no heading %q", title)
	}
	text, _, _ := strings.Cut(below, "\n## ")
	return text
}

func TestExampleDeliveries(t *testing.T) {
	t.Parallel()
	page := read(t, "docs/dialects.md")
	for _, e := range examples {
		t.Run(e.dialect, func(t *testing.T) {
			t.Parallel()
			text := section(t, page, e.dialect)
			header, body := e.sent(t)
			checkExample(t, text, header, body)
			if !strings.Contains(text, e.secret) || !strings.Contains(text, e.id) {
				t.Errorf("the section does not say %s and %s", e.secret, e.id)
			}
			verifies(t, e, header, body)
			opensslAgrees(t, e, text, header)
		})
	}
}

// checkExample holds the http block of the section to the request, line by line.
func checkExample(t *testing.T, text string, header http.Header, body []byte) {
	t.Helper()
	block := exampleBlock.FindStringSubmatch(text)
	if block == nil {
		t.Fatal("the section has no http block")
	}
	head, shown, _ := strings.Cut(block[1], "\n\n")
	if shown != string(body) {
		t.Errorf("the page's body is\n%s\nand the dialect's\n%s", shown, body)
	}
	want := []string{"Content-Length: " + strconv.Itoa(len(body))}
	for name, values := range header {
		if name != "User-Agent" { // it has the version
			want = append(want, name+": "+values[0])
		}
	}
	got := slices.DeleteFunc(strings.Split(head, "\n")[1:], func(line string) bool { return line == "" })
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("the page's headers are\n%s\nand the dialect's\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// verifies reads the request as a receiver does.
func verifies(t *testing.T, e example, header http.Header, body []byte) {
	t.Helper()
	scheme, ok := webhook.SchemeNamed(e.dialect)
	if !ok {
		t.Fatalf("there is no scheme %s", e.dialect)
	}
	secret, err := webhook.LiteralSecret(e.secret)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := webhook.NewVerifier([]webhook.Secret{secret},
		webhook.WithScheme(scheme), webhook.WithClock(func() time.Time { return exampleAttempt }))
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

// opensslAgrees runs the section's shell lines, which end with the signature.
func opensslAgrees(t *testing.T, e example, text string, header http.Header) {
	t.Helper()
	d, _ := dialect.Builtin().Get(e.dialect)
	signature := header[d.Scheme.SignatureHeader][0]
	var lines string
	for _, block := range shellBlock.FindAllStringSubmatch(text, -1) {
		if strings.Contains(block[1], "openssl dgst") {
			lines = block[1]
		}
	}
	if lines == "" {
		t.Fatal("the section has no lines with openssl dgst")
	}
	for _, program := range []string{"bash", "openssl"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not here", program)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, "bash", "-c", lines).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if got := strings.TrimSpace(string(out)); got == "" || !strings.HasSuffix(signature, got) {
		t.Errorf("the lines print %q, and the signature is %q", got, signature)
	}
}
