package subscription

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/sealed"
	"github.com/posthaste/posthaste/services/internal/testbed/sealedtest"
)

const signing, header = "whsec_signing-secret", "header-secret"

func withSecrets() *posthastev1.Subscription {
	return &posthastev1.Subscription{
		Tenant: "a", Id: NewID(time.Now()), Url: "u", EventTypes: []string{"x"}, Status: active,
		Secrets: []*posthastev1.Secret{{Value: signing}}, Headers: map[string]string{"X-Key": header},
	}
}

// stored are the bytes in the bucket.
func (w *world) stored(t *testing.T, s *Subscription) string {
	t.Helper()
	entry, err := w.raw(t).Get(t.Context(), s.GetTenant()+"."+s.GetId())
	if err != nil {
		t.Fatal(err)
	}
	return string(entry.Value())
}

// with is the same bucket for a service with other keys.
func (w *world) with(t *testing.T, keys *sealed.Keys) *Store {
	t.Helper()
	s, err := NewStore(t.Context(), w.bus, keys)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func mustOpen(t *testing.T, store *Store, s *Subscription) Secrets {
	t.Helper()
	opened, err := store.Open(s)
	if err != nil {
		t.Fatal(err)
	}
	return opened
}

func showsSecret(text string) bool {
	return strings.Contains(text, signing) || strings.Contains(text, header) || strings.Contains(text, "X-Key")
}

func TestSecretsAreSealedAtRest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	given := withSecrets()
	s := w.create(t, given)
	if len(given.GetSecrets()) != 1 || given.GetSealed() != nil {
		t.Error("what was given was changed")
	}
	read, err := w.store.Get(t.Context(), "a", s.GetId())
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{w.stored(t, s), prototext.Format(s.Subscription), prototext.Format(read.Subscription)} {
		if showsSecret(text) {
			t.Errorf("in the clear: %q", text)
		}
	}
	want := &posthastev1.Subscription{Secrets: given.GetSecrets(), Headers: given.GetHeaders()}
	if diff := cmp.Diff(want, mustOpen(t, w.store, read).Subscription, protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
}

// Each field that the .proto marks is sealed, and a mark is all that it needs.
func TestMarkedFieldsAreSealed(t *testing.T) {
	t.Parallel()
	b := newBox(sealedtest.Keys(t))
	var names []string
	for _, field := range b.fields {
		names = append(names, string(field.Name()))
	}
	for _, name := range []string{"secrets", "headers", "tls"} {
		if !strings.Contains(" "+strings.Join(names, " ")+" ", " "+name+" ") {
			t.Errorf("%s is not among %v", name, names)
		}
	}
	full := new(posthastev1.Subscription)
	for _, field := range b.fields {
		full.ProtoReflect().Set(field, full.ProtoReflect().NewField(field))
		if field.IsList() {
			full.ProtoReflect().Mutable(field).List().AppendMutable()
		}
	}
	full.Headers = map[string]string{"X": "y"}
	if err := b.seal(full); err != nil || b.hasPlain(full) || full.GetSealed() == nil {
		t.Errorf("%v, %v", full, err)
	}
}

// A change that has nothing to do with secrets needs no key for them.
func TestDisableWithoutTheKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.create(t, withSecrets())
	other := w.with(t, sealedtest.Keys(t, sealedtest.B))
	after, did, err := other.Disable(t.Context(), "a", s.GetId(), DisabledRequested, time.Now())
	if err != nil || !did {
		t.Fatalf("%t, %v", did, err)
	}
	if _, err := other.Open(after); !errors.Is(err, sealed.ErrShut) || !strings.Contains(err.Error(), s.GetId()) {
		t.Errorf("opened without its key: %v", err)
	}
	if got := mustOpen(t, w.store, after).GetSecrets(); len(got) != 1 || got[0].GetValue() != signing {
		t.Errorf("%d secrets", len(got))
	}
	addHeader := func(pb *posthastev1.Subscription) (bool, error) {
		pb.Headers = map[string]string{"X-New": "n"}
		return true, nil
	}
	if _, err := w.store.Update(t.Context(), "a", s.GetId(), time.Now(), addHeader); err == nil {
		t.Error("secrets were changed that had not been opened")
	}
	if _, err := other.UpdateOpened(t.Context(), "a", s.GetId(), time.Now(), addHeader); !errors.Is(err, sealed.ErrShut) {
		t.Errorf("changed without the key: %v", err)
	}
}

func TestUpdateOpened(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.create(t, withSecrets())
	after, err := w.store.UpdateOpened(t.Context(), "a", s.GetId(), time.Now(), func(pb *posthastev1.Subscription) (bool, error) {
		pb.Headers["X-More"] = pb.GetSecrets()[0].GetValue()
		return true, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	opened := mustOpen(t, w.store, after)
	if opened.GetHeaders()["X-More"] != signing || opened.GetHeaders()["X-Key"] != header || showsSecret(w.stored(t, s)) || w.store.box.hasPlain(after.Subscription) {
		t.Error("changed secrets are not kept, or not sealed")
	}
	same, err := w.store.UpdateOpened(t.Context(), "a", s.GetId(), time.Now(), func(*posthastev1.Subscription) (bool, error) { return false, nil })
	if err != nil || same.Revision != after.Revision || w.store.box.hasPlain(same.Subscription) || !proto.Equal(same.Subscription, after.Subscription) {
		t.Errorf("nothing to change: %v, %v", same.Revision, err)
	}
}

// Where plaintext is allowed it stays readable when a key comes, and the next
// change seals it.
func TestPlaintextIsReadAndSealedLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	plain := w.with(t, sealedtest.Keys(t, ""))
	s, err := plain.Create(t.Context(), withSecrets())
	if err != nil || !showsSecret(w.stored(t, s)) {
		t.Fatalf("%v", err)
	}
	if got := mustOpen(t, w.store, s); got.GetSecrets()[0].GetValue() != signing {
		t.Error("plaintext is not readable")
	}
	if _, _, err := w.store.Disable(t.Context(), "a", s.GetId(), DisabledRequested, time.Now()); err != nil || showsSecret(w.stored(t, s)) {
		t.Errorf("not sealed by a change: %v", err)
	}
	if _, err := w.with(t, nil).Create(t.Context(), withSecrets()); err == nil {
		t.Error("a service without business with secrets stored some")
	}
}

func TestSecretsMovedToAnotherTenantDoNotOpen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.create(t, withSecrets())
	stolen := proto.CloneOf(s.Subscription)
	stolen.Tenant = "evil"
	if _, err := w.store.Open(newSubscription(stolen, 1)); !errors.Is(err, sealed.ErrShut) {
		t.Errorf("%v", err)
	}
}

func TestRotateKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	old := w.create(t, withSecrets())
	plain, err := w.with(t, sealedtest.Keys(t, "")).Create(ctx, withSecrets())
	if err != nil {
		t.Fatal(err)
	}
	w.create(t, &posthastev1.Subscription{Tenant: "a"}) // without secrets
	keys := sealedtest.Keys(t, sealedtest.B, sealedtest.A)
	next := w.with(t, keys)
	lost, err := w.with(t, sealedtest.Keys(t, "c:"+strings.TrimPrefix(sealedtest.A, "a:"))).Create(ctx, withSecrets())
	if err != nil {
		t.Fatal(err)
	}
	tally := func() sealed.Count {
		count, err := sealed.Tally(ctx, next)
		if err != nil {
			t.Fatal(err)
		}
		return count
	}
	if diff := cmp.Diff(sealed.Count{"": 1, "a": 1, "c": 1}, tally()); diff != "" {
		t.Error(diff)
	}
	told := 0
	r, err := sealed.Rotate(ctx, keys, next, func(done, total int) { told = done*10 + total })
	if !errors.Is(err, sealed.ErrShut) || r != (sealed.Rotated{Done: 2, Failed: 1}) || told != 33 {
		t.Errorf("%+v, told %d, %v", r, told, err)
	}
	if _, err := next.Delete(ctx, "a", lost.GetId()); err != nil {
		t.Fatal(err)
	}
	if r, err := sealed.Rotate(ctx, keys, next, func(int, int) {}); err != nil || r != (sealed.Rotated{}) {
		t.Errorf("again: %+v, %v", r, err)
	}
	if diff := cmp.Diff(sealed.Count{"b": 2}, tally()); diff != "" {
		t.Error(diff)
	}
	after := w.with(t, sealedtest.Keys(t, sealedtest.B)) // the old key is dropped
	for _, s := range []*Subscription{old, plain} {
		got, err := after.Get(ctx, "a", s.GetId())
		if err != nil || mustOpen(t, after, got).GetSecrets()[0].GetValue() != signing || showsSecret(w.stored(t, s)) {
			t.Errorf("%s: %v", s.GetId(), err)
		}
	}
	if did, err := after.Reseal(ctx, "a.evsub_gone"); did || err != nil {
		t.Errorf("gone: %t, %v", did, err)
	}
	if _, err := sealed.Rotate(ctx, sealedtest.Keys(t, ""), after, nil); err == nil {
		t.Error("rotated without a key")
	}
}

// The index of a service that has no business with secrets does not hold any.
func TestIndexWithoutSecrets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.create(t, withSecrets())
	plain, err := w.with(t, sealedtest.Keys(t, "")).Create(t.Context(), withSecrets())
	if err != nil {
		t.Fatal(err)
	}
	w.store = w.with(t, nil)
	index, watcher := w.watch(t)
	<-watcher.Loaded()
	for _, id := range []string{s.GetId(), plain.GetId()} {
		if held, ok := index.Get(id); !ok || held.GetSealed() != nil || w.store.box.hasPlain(held.Subscription) {
			t.Errorf("held %v", held)
		}
	}
}

func TestOpenedSecretsHideThemselves(t *testing.T) {
	t.Parallel()
	b := newBox(sealedtest.Keys(t))
	opened, err := b.open(withSecrets())
	if err != nil {
		t.Fatal(err)
	}
	secrets := Secrets{opened}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&out, verb+verb, secrets, struct{ S Secrets }{secrets})
	}
	slog.New(slog.NewJSONHandler(&out, nil)).Info("", "s", secrets)
	slog.New(slog.NewTextHandler(&out, nil)).Info("", "s", secrets)
	encoded, err := json.Marshal(map[string]any{"s": secrets})
	out.Write(encoded)
	if err != nil || showsSecret(out.String()) || strings.Contains(out.String(), fmt.Sprintf("%x", signing)) || !strings.Contains(out.String(), hidden) {
		t.Errorf("%v: %s", err, out.String())
	}
}
