// Package delivery derives the names of deliveries and encodes them.
package delivery

import (
	"crypto/sha256"
	"fmt"

	"github.com/oklog/ulid/v2"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
)

const (
	prefix = "dlv_"
	// entropyChars is how many characters of a ULID are not its time.
	entropyChars = 16
)

// ID names the delivery of an event for a subscription: "dlv_" and a ULID of
// the event's time and of a digest of both names. The same event and
// subscription always give the same id.
func ID(e *posthastev1.Event, subscriptionID string) string {
	var buf [256]byte
	b := append(buf[:0], e.GetTenant()...)
	b = append(b, 0)
	b = append(b, e.GetSource()...)
	b = append(b, 0)
	b = append(b, e.GetId()...)
	b = append(b, 0)
	b = append(b, subscriptionID...)
	sum := sha256.Sum256(b)

	var id ulid.ULID
	if ms := e.GetTime().AsTime().UnixMilli(); ms > 0 {
		if id.SetTime(uint64(ms)) != nil {
			clear(id[:6]) // beyond the year 10889
		}
	}
	copy(id[6:], sum[:10])
	var text [len(prefix) + ulid.EncodedSize]byte
	copy(text[:], prefix)
	_ = id.MarshalTextTo(text[len(prefix):]) // the buffer has the right size
	return string(text[:])
}

// DedupKey is what is remembered of a delivery that was delivered: its round,
// and the part of its id that does not depend on the event's time, for a
// producer that repeats an event without a timestamp gives it another.
func DedupKey(d *posthastev1.Delivery) string {
	id := d.GetId()
	if len(id) > entropyChars {
		id = id[len(id)-entropyChars:]
	}
	return inRound(id, d.GetRound())
}

// MsgID is the Nats-Msg-Id of a delivery in DELIVERIES.
func MsgID(d *posthastev1.Delivery) string { return inRound(d.GetId(), d.GetRound()) }

func inRound(id, round string) string {
	if round == "" {
		return id
	}
	return id + ":" + round
}

// AppendEvent appends e in the form in which EncodeNew takes it. One encoding
// serves every delivery of the event.
func AppendEvent(b []byte, e *posthastev1.Event) ([]byte, error) {
	b, err := proto.MarshalOptions{}.MarshalAppend(b, e)
	if err != nil {
		return nil, fmt.Errorf("encode event: %w", err)
	}
	return b, nil
}

// Field numbers of posthaste.v1.Delivery; held against the descriptor by a test.
const (
	fieldID             = 1
	fieldSubscriptionID = 2
	fieldEvent          = 3
	fieldAttempt        = 4
	fieldCreatedAt      = 6
	fieldSequence       = 9
	fieldPublishedAt    = 13
)

// EncodeNew encodes a Delivery for its first attempt around an event that is
// encoded already, with its place in EVENTS and when it was stored there, nil for
// not known. A fan-out copies the event's bytes and does not encode them again.
func EncodeNew(id, subscriptionID string, event []byte, sequence uint64, createdAt, publishedAt *timestamppb.Timestamp) []byte {
	size := 4 + protowire.SizeBytes(len(id)) + protowire.SizeBytes(len(subscriptionID)) + protowire.SizeBytes(len(event)) + 1 +
		1 + protowire.SizeBytes(timeSize(createdAt))
	if sequence != 0 {
		size += 1 + protowire.SizeVarint(sequence)
	}
	if publishedAt != nil {
		size += 1 + protowire.SizeBytes(timeSize(publishedAt))
	}
	b := make([]byte, 0, size)
	b = protowire.AppendTag(b, fieldID, protowire.BytesType)
	b = protowire.AppendString(b, id)
	b = protowire.AppendTag(b, fieldSubscriptionID, protowire.BytesType)
	b = protowire.AppendString(b, subscriptionID)
	b = protowire.AppendTag(b, fieldEvent, protowire.BytesType)
	b = protowire.AppendBytes(b, event)
	b = protowire.AppendTag(b, fieldAttempt, protowire.VarintType)
	b = protowire.AppendVarint(b, 1)
	b = appendTime(b, fieldCreatedAt, createdAt)
	if sequence != 0 {
		b = protowire.AppendTag(b, fieldSequence, protowire.VarintType)
		b = protowire.AppendVarint(b, sequence)
	}
	if publishedAt != nil {
		b = appendTime(b, fieldPublishedAt, publishedAt)
	}
	return b
}

func timeSize(t *timestamppb.Timestamp) (size int) {
	if seconds := uint64(t.GetSeconds()); seconds != 0 {
		size += 1 + protowire.SizeVarint(seconds)
	}
	if nanos := uint64(t.GetNanos()); nanos != 0 {
		size += 1 + protowire.SizeVarint(nanos)
	}
	return size
}

func appendTime(b []byte, field protowire.Number, t *timestamppb.Timestamp) []byte {
	b = protowire.AppendTag(b, field, protowire.BytesType)
	b = protowire.AppendVarint(b, uint64(timeSize(t)))
	if seconds := uint64(t.GetSeconds()); seconds != 0 {
		b = protowire.AppendTag(b, 1, protowire.VarintType)
		b = protowire.AppendVarint(b, seconds)
	}
	if nanos := uint64(t.GetNanos()); nanos != 0 {
		b = protowire.AppendTag(b, 2, protowire.VarintType)
		b = protowire.AppendVarint(b, nanos)
	}
	return b
}

// Encode encodes a delivery that waits or is due.
func Encode(d *posthastev1.Delivery) ([]byte, error) {
	b, err := proto.Marshal(d)
	if err != nil {
		return nil, fmt.Errorf("encode delivery %s: %w", d.GetId(), err)
	}
	return b, nil
}

// Decode reads a delivery of any age: fields it does not know are kept.
func Decode(b []byte) (*posthastev1.Delivery, error) {
	d := &posthastev1.Delivery{}
	if err := proto.Unmarshal(b, d); err != nil {
		return nil, fmt.Errorf("decode delivery: %w", err)
	}
	if d.Id == "" || d.SubscriptionId == "" || d.Event == nil || d.Attempt == 0 {
		return nil, fmt.Errorf("decode delivery %.64q: a required field is missing", d.Id)
	}
	return d, nil
}
