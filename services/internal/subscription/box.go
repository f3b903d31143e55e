package subscription

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/sealed"
)

// box seals and opens the secret fields of subscriptions: those that the .proto
// marks with debug_redact. They are sealed together, so that one more field is
// one more mark.
type box struct {
	keys   *sealed.Keys
	fields []protoreflect.FieldDescriptor
}

func newBox(keys *sealed.Keys) box {
	b := box{keys: keys}
	all := (&posthastev1.Subscription{}).ProtoReflect().Descriptor().Fields()
	for i := range all.Len() {
		if options, ok := all.Get(i).Options().(*descriptorpb.FieldOptions); ok && options.GetDebugRedact() {
			b.fields = append(b.fields, all.Get(i))
		}
	}
	return b
}

func place(pb *posthastev1.Subscription) sealed.Place {
	return sealed.Place{Bucket: bus.BucketSubscriptions, Key: bus.SubscriptionKey(pb.GetTenant(), pb.GetId()), Field: "sealed"}
}

// seal puts pb's secret fields into pb.Sealed. What is sealed already stays as
// it is. Where plaintext is allowed and there is no key, pb stays as it is.
func (b box) seal(pb *posthastev1.Subscription) error {
	if !b.hasPlain(pb) {
		return nil
	}
	switch {
	case pb.GetSealed() != nil: // what is in there would be lost
		return errors.New("seal subscription: its secrets were changed without being opened")
	case b.keys == nil:
		return errors.New("seal subscription: this service may not store secrets")
	case b.keys.First() == "":
		return nil
	}
	text, err := proto.Marshal(b.secrets(pb))
	if err != nil {
		return fmt.Errorf("encode secrets of subscription %s: %w", pb.GetId(), err)
	}
	if pb.Sealed, err = b.keys.Seal(place(pb), text); err != nil {
		return fmt.Errorf("subscription %s: %w", pb.GetId(), err)
	}
	b.strip(pb)
	return nil
}

// open gives the secret fields of pb, and no others. pb is left as it is, and
// may share them.
func (b box) open(pb *posthastev1.Subscription) (*posthastev1.Subscription, error) {
	if pb.GetSealed() == nil {
		return b.secrets(pb), nil
	}
	text, err := b.keys.Open(place(pb), pb.GetSealed())
	if err != nil {
		return nil, fmt.Errorf("secrets of subscription %s: %w", pb.GetId(), err)
	}
	secrets := new(posthastev1.Subscription)
	if err := proto.Unmarshal(text, secrets); err != nil {
		return nil, fmt.Errorf("decode secrets of subscription %s: %w", pb.GetId(), err)
	}
	return secrets, nil
}

// unseal puts the secret fields of pb back in their places.
func (b box) unseal(pb *posthastev1.Subscription) error {
	if pb.GetSealed() == nil {
		return nil
	}
	secrets, err := b.open(pb)
	if err != nil {
		return err
	}
	pb.Sealed = nil
	proto.Merge(pb, secrets)
	return nil
}

// secrets are the fields of pb that are to be sealed.
func (b box) secrets(pb *posthastev1.Subscription) *posthastev1.Subscription {
	secrets := new(posthastev1.Subscription)
	from, to := pb.ProtoReflect(), secrets.ProtoReflect()
	for _, field := range b.fields {
		if from.Has(field) {
			to.Set(field, from.Get(field))
		}
	}
	return secrets
}

func (b box) hasPlain(pb *posthastev1.Subscription) bool {
	for _, field := range b.fields {
		if pb.ProtoReflect().Has(field) {
			return true
		}
	}
	return false
}

// strip empties the secret fields.
func (b box) strip(pb *posthastev1.Subscription) {
	for _, field := range b.fields {
		pb.ProtoReflect().Clear(field)
	}
}
