package template

import (
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
)

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

func compiled(tb testing.TB, text string) Template {
	tb.Helper()
	t, err := Compile(text)
	if err != nil {
		tb.Fatalf("%s: %v", text, err)
	}
	return t
}
