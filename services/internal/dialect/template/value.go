package template

import (
	"strconv"
	"time"
)

const (
	timeSeconds = "2006-01-02T15:04:05Z"
	timeMillis  = "2006-01-02T15:04:05.000Z"
	null        = "null"
)

// given returns the value of a placeholder whose text is not ours, and whether
// there is one.
func (p *part) given(in *Delivery) (text string, ok bool) {
	switch p.kind {
	case EventID:
		return in.Event.GetId(), true
	case EventType:
		return in.Event.GetType(), true
	case EventSource:
		return in.Event.GetSource(), in.Event.GetSource() != ""
	case EventAttribute:
		text, ok = in.Event.GetAttributes()[p.text]
		return text, ok
	case DeliveryID:
		return in.ID, true
	case SubscriptionID:
		return in.SubscriptionID, true
	default: // Tenant
		return in.Event.GetTenant(), true
	}
}

// appendMade appends a value that we write ourselves, which is ASCII without
// quotes and backslashes.
func (p *part) appendMade(dst []byte, in *Delivery) []byte {
	at := in.Event.GetTime().AsTime()
	switch p.kind {
	case EventTime:
		return at.AppendFormat(dst, time.RFC3339Nano)
	case EventTimeSeconds:
		return at.AppendFormat(dst, timeSeconds)
	case EventTimeMillis:
		return at.AppendFormat(dst, timeMillis)
	case EventTimeUnix:
		return strconv.AppendInt(dst, at.Unix(), 10)
	case EventSequence:
		return strconv.AppendUint(dst, in.Sequence, 10)
	default: // TraceID
		return in.appendTraceID(dst)
	}
}
