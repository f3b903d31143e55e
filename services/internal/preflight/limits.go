package preflight

import (
	"time"

	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/settings"
)

// payload looks whether the largest event, as a delivery, is a message that NATS
// takes.
func (p *Process) payload(r *Report) {
	if p.MaxEventBytes == 0 {
		return
	}
	need := p.MaxEventBytes + bus.Overhead
	if takes := p.Bus.MaxPayload(); takes < need {
		r.add("max-payload", Refuse, "raise max_payload of NATS or lower POSTHASTE_MAX_EVENT_BYTES",
			"an event of %s makes a delivery of up to %s, and NATS takes %s", settings.Bytes(p.MaxEventBytes), settings.Bytes(need), settings.Bytes(takes))
		return
	}
	r.add("max-payload", OK, "", "NATS takes a delivery of the largest event")
}

// waits looks whether what is under way may be handed out a second time. A
// dispatcher tells NATS of what it has in hand three times in an AckWait, so a
// POST may take longer. Where that word does not come through for an AckWait, as
// while the connection is lost, the delivery goes to another dispatcher, and the
// dedup key cannot help: it is set when the POST has ended.
func (p *Process) waits(r *Report) {
	if p.RequestTimeout == 0 {
		return
	}
	if p.Streams.AckWait < p.RequestTimeout {
		r.add("ack-wait", Warn, "set POSTHASTE_ACK_WAIT to POSTHASTE_REQUEST_TIMEOUT or more",
			"a POST may take %s, and NATS waits %s for a dispatcher that fell silent: an outage of NATS of that length has deliveries POSTed twice", p.RequestTimeout, p.Streams.AckWait)
	} else {
		r.add("ack-wait", OK, "", "no POST takes longer than NATS waits for a dispatcher that fell silent")
	}
	if p.DedupTTL == 0 {
		return
	}
	if least := p.Streams.AckWait + p.RequestTimeout; p.DedupTTL < least {
		r.add("dedup-ttl", Warn, "raise POSTHASTE_DEDUP_TTL",
			"a delivery is remembered for %s, and may be handed out again after %s: it would be POSTed twice", p.DedupTTL, least.Round(time.Millisecond))
	} else {
		r.add("dedup-ttl", OK, "", "deliveries are remembered for longer than they may be handed out again")
	}
}

// room looks whether what comes in is refused before the disk is full. On a full
// disk nothing can be written any more: no record, so nothing is acked either.
func (p *Process) room(r *Report) {
	switch s := p.Streams; {
	case s.DeliveriesMaxBytes > 0 && s.DelaysMaxBytes > 0:
		r.add("room", Warn, "set POSTHASTE_DELAYS_MAX_BYTES=0, and leave DELAYS room on the disk",
			"DELIVERIES and DELAYS both have a limit: where both are full what is due finds no room in the one, and what must wait none in the other")
	case s.EventsMaxBytes == 0 || s.DeliveriesMaxBytes == 0:
		r.add("room", Note, "set POSTHASTE_EVENTS_MAX_BYTES and POSTHASTE_DELIVERIES_MAX_BYTES, together well below max_file_store of NATS",
			"EVENTS or DELIVERIES has no limit: on a full disk nothing is delivered until events are too old to be kept")
	default:
		r.add("room", OK, "", "what comes in is refused before it takes the room of what is under way")
	}
}

// roomFor is how many dispatchers should find room in a lane at the least.
const roomFor = 2

// inHand looks whether NATS hands out as much as dispatchers can work on. One
// that dies holding a lane's whole window stops the lane for an AckWait.
func (p *Process) inHand(r *Report) {
	if p.InHand == 0 {
		return
	}
	switch most := p.Streams.LaneMaxAckPending; {
	case most < p.InHand:
		r.add("max-ack-pending", Warn, doInHand, "one dispatcher may hold %d deliveries of a lane, and NATS hands out %d to all together: one that dies stops the lane", p.InHand, most)
	case most < roomFor*p.InHand:
		r.add("max-ack-pending", Warn, doInHand, "one dispatcher may hold %d deliveries of a lane, and NATS hands out %d to all together: there is no room for a second", p.InHand, most)
	default:
		r.add("max-ack-pending", OK, "", "there is room for %d dispatchers in a lane", most/p.InHand)
	}
}

const doInHand = "raise POSTHASTE_LANE_MAX_ACK_PENDING, or lower POSTHASTE_MAX_IN_FLIGHT or POSTHASTE_DISPATCHER_PREFETCH"
