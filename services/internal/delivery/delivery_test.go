package delivery

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"
	"pgregory.net/rapid"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
)

var at = time.Date(2026, 1, 15, 10, 30, 0, 0, time.UTC)

func event() *posthastev1.Event {
	return &posthastev1.Event{Id: "evt_1", Tenant: "acme", Type: "task.claimed", Time: timestamppb.New(at), Data: []byte(`{"a":1}`)}
}

// Deliveries in the streams of a running installation have these ids, and
// dispatchers know them again in Redis: they must not change.
func TestIDGolden(t *testing.T) {
	t.Parallel()
	withSource := event()
	withSource.Source = "/s"
	early := event()
	early.Time = timestamppb.New(time.Unix(-5, 0))
	timeless := event()
	timeless.Time = nil
	for want, e := range map[string]*posthastev1.Event{
		"dlv_01KF0K8Y20KEMY90M8CY060ANC": event(),
		"dlv_01KF0K8Y20REYBAEMG8N53QMF0": withSource,
		"dlv_0000000000KEMY90M8CY060ANC": early,
	} {
		if got := ID(e, "evsub_1"); got != want {
			t.Errorf("id %s, want %s", got, want)
		}
	}
	if ID(early, "evsub_1") != ID(timeless, "evsub_1") {
		t.Error("before 1970 there is no time to tell apart")
	}
}

func TestIDDiffers(t *testing.T) {
	t.Parallel()
	seen := map[string]string{ID(event(), "evsub_1"): "the original"}
	for name, change := range map[string]func(*posthastev1.Event){
		"event":        func(e *posthastev1.Event) { e.Id = "evt_2" },
		"tenant":       func(e *posthastev1.Event) { e.Tenant = "other" },
		"source":       func(e *posthastev1.Event) { e.Source = "evt_1" },
		"time":         func(e *posthastev1.Event) { e.Time = timestamppb.New(at.Add(time.Millisecond)) },
		"moved border": func(e *posthastev1.Event) { e.Tenant, e.Source = "acm", "e" },
	} {
		e := event()
		change(e)
		id := ID(e, "evsub_1")
		if other, ok := seen[id]; ok {
			t.Errorf("another %s has the id of %s", name, other)
		}
		seen[id] = name
	}
	if _, ok := seen[ID(event(), "evsub_2")]; ok {
		t.Error("another subscription has the same id")
	}
	same := event()
	same.Type, same.Data = "other", []byte("2")
	if ID(same, "evsub_1") != ID(event(), "evsub_1") {
		t.Error("the id depends on more than the event's name and time")
	}
}

func TestDedupKey(t *testing.T) {
	t.Parallel()
	later := event()
	later.Time = timestamppb.New(at.Add(time.Hour))
	key := func(id, round string) string { return DedupKey(&posthastev1.Delivery{Id: id, Round: round}) }
	a, b := ID(event(), "evsub_1"), ID(later, "evsub_1")
	if a == b || key(a, "") != key(b, "") {
		t.Errorf("keys %s and %s of %s and %s", key(a, ""), key(b, ""), a, b)
	}
	if key(a, "") == key(ID(event(), "evsub_2"), "") {
		t.Error("two subscriptions share a key")
	}
	for id, want := range map[string]string{"": "", "short": "short", "dlv_01KF0K8XR00000000000000001": "0000000000000001"} {
		if got := key(id, ""); got != want {
			t.Errorf("key of %q is %q, want %q", id, got, want)
		}
		if got := key(id, "rpl_1"); got != want+":rpl_1" {
			t.Errorf("key of %q in a round is %q", id, got)
		}
	}
}

func TestMsgID(t *testing.T) {
	t.Parallel()
	d := &posthastev1.Delivery{Id: "dlv_1"}
	if got := MsgID(d); got != "dlv_1" {
		t.Errorf("%q", got)
	}
	d.Round = "rpl_1"
	if got := MsgID(d); got != "dlv_1:rpl_1" {
		t.Errorf("%q", got)
	}
}

func TestEncodeNewIsProtobuf(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringN(0, 20, 400)
		e := &posthastev1.Event{
			Id: text.Draw(t, "event id"), Tenant: text.Draw(t, "tenant"), Type: text.Draw(t, "type"), Source: text.Draw(t, "source"),
			Data: rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "data"),
		}
		moment := func(name string) *timestamppb.Timestamp {
			return &timestamppb.Timestamp{
				Seconds: rapid.OneOf(rapid.Just(int64(0)), rapid.Int64()).Draw(t, name+" seconds"),
				Nanos:   rapid.OneOf(rapid.Just(int32(0)), rapid.Int32Range(0, 999999999)).Draw(t, name+" nanos"),
			}
		}
		created, published := moment("created"), moment("published")
		if rapid.Bool().Draw(t, "unknown") {
			published = nil
		}
		sequence := rapid.OneOf(rapid.Just(uint64(0)), rapid.Uint64()).Draw(t, "sequence")
		// In a message an empty string is not written; a delivery has both.
		id, subscription := "dlv_"+text.Draw(t, "id"), "evsub_"+text.Draw(t, "subscription")
		encoded, err := AppendEvent(nil, e)
		if err != nil {
			t.Fatal(err)
		}
		want, err := proto.MarshalOptions{Deterministic: true}.Marshal(
			&posthastev1.Delivery{Id: id, SubscriptionId: subscription, Event: e, Attempt: 1, CreatedAt: created, Sequence: sequence, PublishedAt: published})
		if err != nil {
			t.Fatal(err)
		}
		got := EncodeNew(id, subscription, encoded, sequence, created, published)
		if !bytes.Equal(want, got) {
			t.Fatalf("got  %x\nwant %x", got, want)
		}
		if len(got) != cap(got) {
			t.Fatalf("%d bytes in a buffer of %d: the size was counted wrongly", len(got), cap(got))
		}
	})
}

func TestFieldNumbers(t *testing.T) {
	t.Parallel()
	fields := (&posthastev1.Delivery{}).ProtoReflect().Descriptor().Fields()
	for name, number := range map[string]int{
		"id": fieldID, "subscription_id": fieldSubscriptionID, "event": fieldEvent, "attempt": fieldAttempt, "created_at": fieldCreatedAt, "sequence": fieldSequence,
		"published_at": fieldPublishedAt,
	} {
		field := fields.ByTextName(name)
		if field == nil || int(field.Number()) != number {
			t.Errorf("field %s is not number %d", name, number)
		}
	}
}

func TestDecode(t *testing.T) {
	t.Parallel()
	want := &posthastev1.Delivery{Id: "dlv_1", SubscriptionId: "evsub_1", Event: event(), Attempt: 3, NotBefore: timestamppb.New(at), Deferrals: 2, Reason: "timeout"}
	b, err := Encode(want)
	if err != nil {
		t.Fatal(err)
	}
	b = append(b, 0xfa, 0x01, 1, 'x') // field 31, of a version to come
	got, err := Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Encode(got)
	if err != nil || !bytes.HasSuffix(again, []byte{0xfa, 0x01, 1, 'x'}) {
		t.Errorf("an unknown field is lost: %x, %v", again, err)
	}
	got.ProtoReflect().SetUnknown(nil)
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	for name, d := range map[string]*posthastev1.Delivery{
		"id":           {SubscriptionId: "s", Event: event(), Attempt: 1},
		"subscription": {Id: "d", Event: event(), Attempt: 1},
		"event":        {Id: "d", SubscriptionId: "s", Attempt: 1},
		"attempt":      {Id: "d", SubscriptionId: "s", Event: event()},
	} {
		b, err := Encode(d)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Decode(b); err == nil || got != nil || !strings.HasPrefix(err.Error(), "decode delivery ") {
			t.Errorf("without %s: %v, %v", name, got, err)
		}
	}
	for _, b := range []string{"", "\x0a", "\xff\xff", "{}"} {
		if _, err := Decode([]byte(b)); err == nil || !strings.HasPrefix(err.Error(), "decode delivery") {
			t.Errorf("%q: %v", b, err)
		}
	}
	if _, err := Encode(&posthastev1.Delivery{Id: "\xff"}); err == nil || !strings.HasPrefix(err.Error(), "encode delivery") {
		t.Errorf("bad UTF-8: %v", err)
	}
	if _, err := AppendEvent(nil, &posthastev1.Event{Id: "\xff"}); err == nil || !strings.HasPrefix(err.Error(), "encode event: ") {
		t.Errorf("bad UTF-8: %v", err)
	}
}

func BenchmarkID(b *testing.B) {
	e := event()
	b.ReportAllocs()
	for b.Loop() {
		_ = ID(e, "evsub_01KF0K8XR0000000000000001")
	}
}

func BenchmarkEncodeNew(b *testing.B) {
	e := event()
	e.Data = bytes.Repeat([]byte("1"), 1024)
	encoded, err := AppendEvent(nil, e)
	if err != nil {
		b.Fatal(err)
	}
	created := timestamppb.New(at)
	b.Run("EncodeNew", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_ = EncodeNew("dlv_01KF0K8XR00000000000000001", "evsub_01KF0K8XR0", encoded, 7, created, created)
		}
	})
	b.Run("Marshal", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Encode(&posthastev1.Delivery{Id: "dlv_01KF0K8XR00000000000000001", SubscriptionId: "evsub_01KF0K8XR0", Event: e, Attempt: 1, CreatedAt: created, Sequence: 7, PublishedAt: created}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
