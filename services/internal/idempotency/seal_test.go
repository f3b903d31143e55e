package idempotency

import (
	"bytes"
	"encoding/base64"
	"errors"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/posthaste/posthaste/services/internal/sealed"
	"github.com/posthaste/posthaste/services/internal/testbed/sealedtest"
)

const shownOnce = "whsec_shown-once"

// keep does a request whose answer shows a secret, and returns it.
func (w *world) keep(t *testing.T) Answer {
	t.Helper()
	a := Answer{Status: http.StatusCreated, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(`{"secret":"` + shownOnce + `"}`)}
	if err := w.begin(t, "acme", op, key, [32]byte{1}).Finish(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	return a
}

// inTheClear says whether the bucket shows the answer.
func (w *world) inTheClear(t *testing.T) bool {
	t.Helper()
	entry, err := w.kv.Get(t.Context(), bucketKey("acme", op, key))
	if err != nil {
		t.Fatal(err)
	}
	body := base64.StdEncoding.EncodeToString([]byte(`{"secret":"` + shownOnce + `"}`))
	return bytes.Contains(entry.Value(), []byte(shownOnce)) || bytes.Contains(entry.Value(), []byte(body[:24]))
}

func TestAnswersAreSealed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	want := w.keep(t)
	if w.inTheClear(t) {
		t.Error("the answer is kept in the clear")
	}
	_, got, err := w.Begin(t.Context(), "acme", op, key, [32]byte{1})
	if err != nil || !cmp.Equal(want, *got) {
		t.Errorf("%v, %v", got, err)
	}
	w.keys = sealedtest.Keys(t, sealedtest.B)
	w.meets(t, [32]byte{1}, sealed.ErrShut)
	w.meets(t, [32]byte{2}, ErrMismatch)
}

func TestRotateAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.keys = sealedtest.Keys(t, "")
	want := w.keep(t)
	if !w.inTheClear(t) {
		t.Fatal("sealed without a key")
	}
	w.begin(t, "acme", op, "a request that runs", [32]byte{3}) // and has no answer
	for _, texts := range [][]string{{sealedtest.A}, {sealedtest.B, sealedtest.A}} {
		w.keys = sealedtest.Keys(t, texts...)
		if r, err := sealed.Rotate(t.Context(), w.keys, w.Store, func(int, int) {}); err != nil || r.Done != 1 {
			t.Errorf("%v: %+v, %v", w.keys.IDs(), r, err)
		}
		if r, err := sealed.Rotate(t.Context(), w.keys, w.Store, func(int, int) {}); err != nil || r.Done != 0 {
			t.Errorf("%v again: %+v, %v", w.keys.IDs(), r, err)
		}
	}
	count, err := sealed.Tally(t.Context(), w)
	if diff := cmp.Diff(sealed.Count{"b": 1}, count); diff != "" || err != nil || w.inTheClear(t) {
		t.Errorf("%s, %v", diff, err)
	}
	w.keys = sealedtest.Keys(t, sealedtest.B)
	if _, got, err := w.Begin(t.Context(), "acme", op, key, [32]byte{1}); err != nil || !cmp.Equal(want, *got) {
		t.Errorf("%v, %v", got, err)
	}
	w.keys = sealedtest.Keys(t)
	if _, err := w.Reseal(t.Context(), bucketKey("acme", op, key)); !errors.Is(err, sealed.ErrShut) {
		t.Errorf("without the key: %v", err)
	}
}
