package dialect

import (
	"encoding/json"
	"time"

	"github.com/posthaste/posthaste/pkg/webhook"
	"github.com/posthaste/posthaste/services/internal/dialect/template"
)

// Standard is the name of the dialect that follows Standard Webhooks 1.0.
const Standard = "standard"

// Dialect is how a delivery looks on the wire and how failure is treated. It
// is shared by all who use it, and never written to after it was loaded.
type Dialect struct {
	Name        string
	Description string
	// ContentType is that of every POST, unless the subscription has its own.
	ContentType string
	// StandardHeaders says that webhook-id, webhook-timestamp and
	// webhook-signature are sent too.
	StandardHeaders bool
	// Scheme is how receivers verify the dialect's own signature.
	Scheme webhook.Scheme
	// Secret says which secrets may sign.
	Secret SecretPolicy

	// Delays are the waits before the second attempt and those after it.
	Delays []time.Duration
	// RetryOn says after which failures there is another attempt.
	RetryOn RetryOn
	// Gone says what a 410 does.
	Gone Gone
	// DisableAfter is how many failed deliveries in a row disable a
	// subscription; 0 for never.
	DisableAfter int
	// Timeout is from the start of a POST to the end of its answer.
	Timeout time.Duration

	// Duplicates says what creating a subscription a second time does.
	Duplicates Duplicates
	// AllTypes says that subscriptions get every type and cannot choose.
	AllTypes bool
	// HTTPS says which URLs a subscription may have.
	HTTPS HTTPS

	// Ping is the test event.
	Ping Ping
	// EventTypes is the catalogue, in the order of the file.
	EventTypes []EventType

	body    template.Template
	headers []field
	names   []string // of the values that Header makes, in that order
	content []string // the value of Content-Type
	agent   []string // the value of User-Agent
}

// RetryOn says after which failures there is another attempt.
type RetryOn string

const (
	// RetryAnyFailure retries whatever is not 2xx.
	RetryAnyFailure RetryOn = "any_failure"
	// RetryServerErrors retries 5xx and where there was no answer. Any other
	// status ends the delivery.
	RetryServerErrors RetryOn = "server_errors"
)

// Gone says what a 410 does.
type Gone string

const (
	// GoneDisable ends the delivery and disables the subscription.
	GoneDisable Gone = "disable"
	// GoneRetry takes it as any other failure.
	GoneRetry Gone = "retry"
)

// Duplicates says what creating a subscription does where one with the same
// endpoint and filters is active.
type Duplicates string

const (
	// DuplicatesInsert makes a second one.
	DuplicatesInsert Duplicates = "insert"
	// DuplicatesConflict refuses.
	DuplicatesConflict Duplicates = "conflict"
	// DuplicatesUpdate changes the one that is there: a tenant has one.
	DuplicatesUpdate Duplicates = "update"
)

// HTTPS says which URLs a subscription may have.
type HTTPS string

const (
	// HTTPSUnlessAllowed wants https unless the operator allows http.
	HTTPSUnlessAllowed HTTPS = "unless_allowed"
	// HTTPSAlways wants https whatever the operator allows.
	HTTPSAlways HTTPS = "always"
)

const (
	typesChosen = "chosen" // a subscription names its types
	typesAll    = "all"
)

// Ping is the event that tests a subscription.
type Ping struct {
	Type string
	Data json.RawMessage
	// IDPrefix begins the id of its delivery.
	IDPrefix string
}

// EventType is an entry of a dialect's catalogue.
type EventType struct {
	Name        string
	Description string
	// Example is data as it may look; nil where there is none.
	Example    json.RawMessage
	Deprecated bool
	// Sunset is when publishing it ends; zero where that is not known.
	Sunset time.Time
}
