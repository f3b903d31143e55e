package subscription

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
)

// Secrets are the secret fields of a subscription, in the clear. All other
// fields are empty. They print as "[secret]".
type Secrets struct {
	*posthastev1.Subscription
}

const hidden = "[secret]"

// String gives "[secret]".
func (Secrets) String() string { return hidden }

// GoString gives "[secret]", for %#v.
func (Secrets) GoString() string { return hidden }

// Format gives "[secret]" for every verb.
func (Secrets) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, hidden) }

// LogValue gives "[secret]" to slog.
func (Secrets) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText gives "[secret]", also to JSON.
func (Secrets) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// Open gives the secrets of sub, which is left as it is. The error is
// sealed.ErrShut, after which another try may succeed: a service may be given a
// key later than others.
func (s *Store) Open(sub *Subscription) (Secrets, error) {
	opened, err := s.box.open(sub.Subscription)
	return Secrets{opened}, err
}

// Noun is for sealed.Rotate.
func (*Store) Noun() string { return "subscriptions" }

// EachSeal is for sealed.Rotate. A record that cannot be read is left out, as
// the watcher leaves it out.
func (s *Store) EachSeal(ctx context.Context, tell func(key, keyID string)) error {
	return s.bucket.Scan(ctx, func(key string, pb *posthastev1.Subscription, err error) {
		if err == nil && (pb.GetSealed() != nil || s.box.hasPlain(pb)) {
			tell(key, pb.GetSealed().GetKeyId())
		}
	})
}

// Reseal is for sealed.Rotate.
func (s *Store) Reseal(ctx context.Context, key string) (did bool, err error) {
	_, _, err = s.bucket.Update(ctx, key, func(pb *posthastev1.Subscription) (bool, error) {
		did = pb.GetSealed().GetKeyId() != s.box.keys.First()
		if !did {
			return false, nil
		}
		if err := s.box.unseal(pb); err != nil {
			return false, err
		}
		return true, s.box.seal(pb)
	})
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return did && err == nil, err
}
