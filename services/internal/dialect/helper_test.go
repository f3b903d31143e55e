package dialect

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
)

// testSecret is of the form that all dialects take.
const testSecret = "whsec_cG9zdGhhc3RlLWV4YW1wbGUtc2VjcmV0LTAwMDE="

var testNow = time.Date(2026, 1, 15, 10, 30, 1, 999_999_999, time.UTC)

// testDelivery is an event with a value in each place.
func testDelivery() *Delivery {
	return &Delivery{
		Event: &posthastev1.Event{
			Id: "evt_abc123", Tenant: "acme", Type: "task.claimed", Time: timestamppb.New(time.Date(2026, 1, 15, 10, 30, 0, 0, time.UTC)),
			Data: []byte(`{"taskId":"t1", "taskVersion": 3, "n":1.0,"text":"é <b>"}`), Source: "/shop", Attributes: map[string]string{"subject": "order 18"},
		},
		ID: "dlv_01M7ZVZ4QC1K6E6QYW9P7ATQYE", SubscriptionID: "evsub_01M7ZVZ4QCPE4E6QYW9P7ATQYE", Attempt: 1, Sequence: 42,
	}
}

// write makes a file of dialects.
func write(tb testing.TB, text string) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "dialects.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

// loaded is the set with a file's dialects in it.
func loaded(tb testing.TB, text string) *Set {
	tb.Helper()
	config := Config{DialectsFile: write(tb, text), DefaultDialect: Standard}
	set, err := config.Load()
	if err != nil {
		tb.Fatal(err)
	}
	return set
}

func named(tb testing.TB, set *Set, name string) *Dialect {
	tb.Helper()
	d, ok := set.Get(name)
	if !ok {
		tb.Fatalf("there is no dialect %s", name)
	}
	return d
}

func builtinNamed(tb testing.TB, name string) *Dialect {
	tb.Helper()
	return named(tb, Builtin(), name)
}

func signerOf(tb testing.TB, d *Dialect, secrets ...string) *Signer {
	tb.Helper()
	s, err := d.NewSigner(secrets...)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// get reads a header as it is spelt.
func get(tb testing.TB, h map[string][]string, name string) string {
	tb.Helper()
	if len(h[name]) != 1 {
		tb.Fatalf("header %s has %d values", name, len(h[name]))
	}
	return h[name][0]
}
