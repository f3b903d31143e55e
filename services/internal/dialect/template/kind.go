package template

// Kind is what a placeholder stands for.
type Kind uint8

// The kinds have the names of their placeholders: EventTimeUnix is that of
// ${event.time.unix}.
const (
	literal Kind = iota // the template's own text
	EventID
	EventType
	EventSource
	EventAttribute // ${event.attributes.<name>}
	EventTime
	EventTimeSeconds
	EventTimeMillis
	EventTimeUnix
	EventSequence
	EventData
	EventMember // ${event.data.<member>}
	TraceID
	DeliveryID
	SubscriptionID
	Tenant
	AttemptID
	AttemptNumber
	AttemptTimeUnix
)

const (
	attributePrefix = "event.attributes."
	memberPrefix    = "event.data."
)

// placeholders are those with a fixed name, in the order in which people read
// of them.
var placeholders = []struct {
	name string
	kind Kind
}{
	{"event.id", EventID},
	{"event.type", EventType},
	{"event.data", EventData},
	{"event.time", EventTime},
	{"event.time.seconds", EventTimeSeconds},
	{"event.time.millis", EventTimeMillis},
	{"event.time.unix", EventTimeUnix},
	{"event.source", EventSource},
	{"event.sequence", EventSequence},
	{"trace.id", TraceID},
	{"delivery.id", DeliveryID},
	{"subscription.id", SubscriptionID},
	{"tenant", Tenant},
	{"attempt.id", AttemptID},
	{"attempt.number", AttemptNumber},
	{"attempt.time.unix", AttemptTimeUnix},
}

// given says whether the value is a text that is not ours.
func (k Kind) given() bool {
	switch k {
	case EventID, EventType, EventSource, EventAttribute, DeliveryID, SubscriptionID, Tenant:
		return true
	}
	return false
}

// numeric says whether the value is written as a JSON number.
func (k Kind) numeric() bool {
	return k == EventTimeUnix || k == EventSequence || k == AttemptNumber || k == AttemptTimeUnix
}

// ofAttempt says whether the value changes from attempt to attempt.
func (k Kind) ofAttempt() bool {
	return k == AttemptID || k == AttemptNumber || k == AttemptTimeUnix
}

// mayLack says whether an event may have no such value.
func (k Kind) mayLack() bool {
	return k == EventSource || k == EventAttribute || k == EventMember
}
