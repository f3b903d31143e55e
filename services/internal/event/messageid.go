package event

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/oklog/ulid/v2"

	"github.com/posthaste/posthaste/pkg/eventid"
)

// idOf is the id of an event that names none: the producer's Nats-Msg-Id, or
// else one made of the message's place in the stream.
func idOf(m Message) string {
	if id := header(m.Header, jetstream.MsgIDHeader); eventid.CheckID(id) == nil {
		return id
	}
	place := binary.BigEndian.AppendUint64(nil, m.Sequence)
	place = append(place, m.Subject...)
	sum := sha256.Sum256(place)
	var id ulid.ULID
	if err := id.SetTime(uint64(max(0, m.Stored.UnixMilli()))); err != nil {
		clear(id[:6]) // beyond the year 10889
	}
	copy(id[6:], sum[:10])
	return eventid.Prefix + id.String()
}
