package idempotency

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/kv"
	"github.com/posthaste/posthaste/services/internal/sealed"
)

func place(key string) sealed.Place {
	return sealed.Place{Bucket: bus.BucketIdempotency, Key: key, Field: "answer"}
}

// seal puts the answer into the record of the key, sealed where there is an
// encryption key.
func (s *Store) seal(key string, r *record, a *Answer) error {
	r.Sealed, r.Answer = nil, a
	if s.keys.First() == "" {
		return nil
	}
	text, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("encode an answer: %w", err)
	}
	shut, err := s.keys.Seal(place(key), text)
	if err != nil {
		return err
	}
	r.Answer = nil
	if r.Sealed, err = proto.Marshal(shut); err != nil {
		return fmt.Errorf("encode an answer: %w", err)
	}
	return nil
}

// unseal is the answer that the record of the key has. The error is
// sealed.ErrShut, or says that the record cannot be read.
func (s *Store) unseal(key string, r *record) (*Answer, error) {
	if r.Sealed == nil {
		return r.Answer, nil
	}
	shut := new(posthastev1.Sealed)
	if err := proto.Unmarshal(r.Sealed, shut); err != nil {
		return nil, fmt.Errorf("decode a kept answer: %w", err)
	}
	text, err := s.keys.Open(place(key), shut)
	if err != nil {
		return nil, fmt.Errorf("a kept answer: %w", err)
	}
	a := new(Answer)
	if err := json.Unmarshal(text, a); err != nil {
		return nil, fmt.Errorf("decode a kept answer: %w", err)
	}
	return a, nil
}

// Noun is for sealed.Rotate.
func (*Store) Noun() string { return "kept answers" }

// EachSeal is for sealed.Rotate. A record that cannot be read is left out.
func (s *Store) EachSeal(ctx context.Context, tell func(key, keyID string)) error {
	return kv.Scan(ctx, s.kv, func(entry jetstream.KeyValueEntry) {
		if r, err := decode(entry.Value()); err == nil {
			if id, kept := r.keyID(); kept {
				tell(entry.Key(), id)
			}
		}
	})
}

// keyID is what the answer is sealed with, "" for one in the clear. kept is
// false where there is no answer.
func (r *record) keyID() (id string, kept bool) {
	if r.Sealed == nil {
		return "", r.Answer != nil
	}
	shut := new(posthastev1.Sealed)
	err := proto.Unmarshal(r.Sealed, shut)
	return shut.GetKeyId(), err == nil
}

// Reseal is for sealed.Rotate. The answer is kept for the bucket's whole time
// again. One that changed meanwhile was written with a key of its writer's.
func (s *Store) Reseal(ctx context.Context, key string) (bool, error) {
	entry, err := s.kv.Get(ctx, key)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read a kept answer: %w", err)
	}
	r, err := decode(entry.Value())
	if err != nil {
		return false, err
	}
	if id, kept := r.keyID(); !kept || id == s.keys.First() {
		return false, nil
	}
	a, err := s.unseal(key, r)
	if err != nil {
		return false, err
	}
	if err := s.seal(key, r, a); err != nil {
		return false, err
	}
	value, err := r.encode()
	if err != nil {
		return false, err
	}
	_, err = s.update(ctx, key, value, entry.Revision())
	if errors.Is(err, errChanged) {
		return false, nil
	}
	return err == nil, err
}
