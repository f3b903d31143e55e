package webhook

import "errors"

// Why a delivery was refused. The errors of Verify and Parse match one of these, and
// tell nothing about secrets or the signature that was expected.
var (
	// ErrMissingHeader: a header that the scheme signs or requires is absent or
	// empty. The text names it.
	ErrMissingHeader = errors.New("webhook: missing header")
	// ErrBadID: the id is signed and holds a full stop, which the spec forbids
	// because it separates the signed parts (section "Signature scheme").
	ErrBadID = errors.New("webhook: delivery id holds a full stop")
	// ErrBadTimestamp: the time that is signed is not a plain decimal number.
	// The text names the header.
	ErrBadTimestamp = errors.New("webhook: timestamp is not a number of seconds")
	// ErrTooOld: the attempt was made longer ago than the tolerance.
	ErrTooOld = errors.New("webhook: timestamp too old")
	// ErrTooNew: the attempt's time lies further ahead than the tolerance.
	ErrTooNew = errors.New("webhook: timestamp too new")
	// ErrNoMatch: no signature is right for any of the secrets and keys.
	ErrNoMatch = errors.New("webhook: no matching signature")
	// ErrBadEvent, of Parse alone: the delivery was signed rightly but is not
	// an event, or its headers say other than its body.
	ErrBadEvent = errors.New("webhook: body is not an event")
)
