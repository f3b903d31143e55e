package webhook

// Scheme says how a dialect signs and where it says what. It is a value: copy
// one of the built-in ones and change it, or fill in one of your own, and ask
// Validate. The zero value of each choice is the one that most senders make.
type Scheme struct {
	// Name is for people and for SchemeNamed: "aicity".
	Name string
	// SignatureHeader carries the signature: "X-City-Signature".
	SignatureHeader string
	// Content is what is signed.
	Content Content
	// Encoding is how a digest becomes text.
	Encoding Encoding
	// Key is how a secret becomes a key.
	Key KeyMode
	// Form is how digests stand in the header.
	Form Form
	// Prefix stands before the digest in FormSingle: "sha256=".
	Prefix string

	// The other headers of a delivery, "" where the dialect has none. HTTP
	// compares their names without case.

	// IDHeader carries the delivery's id.
	IDHeader string
	// TypeHeader carries the event's type.
	TypeHeader string
	// TimestampHeader carries the time that is signed, in seconds since 1970
	// UTC. Where none is signed it carries that of the event, as
	// TimestampField does.
	TimestampHeader string
	// EventIDHeader carries the event's id.
	EventIDHeader string
	// SubscriptionIDHeader carries the id of the subscription.
	SubscriptionIDHeader string
	// AttemptHeader carries the attempt's number, from 1.
	AttemptHeader string
	// Required are the headers beside the signature without which a delivery
	// is refused, though they may not be signed.
	Required []string

	// The members of the JSON body, "" where the dialect has none. A member
	// of the body is signed and wins; a header that says otherwise makes
	// Parse fail.

	// IDField holds the event's id.
	IDField string
	// DeliveryIDField holds the delivery's id, as IDHeader does.
	DeliveryIDField string
	// TypeField holds the event's type.
	TypeField string
	// TimestampField holds when the event happened: text as of RFC 3339, or a
	// number of seconds since 1970 UTC.
	TimestampField string
	// DataField holds the event's data. "" means that the whole body is it.
	DataField string
}

// Content is what a signature covers. A full stop stands between the parts.
type Content uint8

const (
	// SignBody is the raw body alone. Such a signature has no time: whoever
	// has seen a delivery can send it again, for ever.
	SignBody Content = iota
	// SignTimestampBody is "<seconds>.<body>".
	SignTimestampBody
	// SignIDTimestampBody is "<id>.<seconds>.<body>".
	SignIDTimestampBody
)

// Encoding is how a digest becomes text.
type Encoding uint8

const (
	// Hex is lowercase. Uppercase is refused.
	Hex Encoding = iota
	// Base64 is the standard alphabet, padded.
	Base64
)

// KeyMode is how a secret becomes an HMAC key.
type KeyMode uint8

const (
	// LiteralKey takes the secret's text as it is, whsec_ and all.
	LiteralKey KeyMode = iota
	// DecodedKey takes the bytes that stand in base64 after whsec_. A secret
	// that is not of that form gives its text.
	DecodedKey
)

// Form is how digests stand in the signature header.
type Form uint8

const (
	// FormSingle is Prefix and one digest, by the newest secret. Receivers
	// compare the whole value, so there is no second one while a secret
	// rotates.
	FormSingle Form = iota
	// FormList is "v1,<digest>" for each secret, with spaces between.
	FormList
	// FormFields is "t=<seconds>,v1=<digest>", with one v1 for each secret.
	FormFields
)

// timed reports whether a time is signed, and so can be trusted.
func (s *Scheme) timed() bool { return s.Content != SignBody }

// asymmetric reports whether ed25519 has a place here. Only Standard Webhooks
// says how (spec section "Signature scheme").
func (s *Scheme) asymmetric() bool {
	return s.Form == FormList && s.Content == SignIDTimestampBody && s.Encoding == Base64
}
