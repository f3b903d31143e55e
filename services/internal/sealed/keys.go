package sealed

import (
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
)

// ErrShut says that a sealed text cannot be opened: its key is not there, or is
// another one, or the text was changed or moved. The text may be opened later,
// by a service that was given the key meanwhile.
var ErrShut = errors.New("cannot be opened")

// Place is which field of which record a text belongs to. It opens in no other.
type Place struct {
	Bucket, Key, Field string
}

// Keys are the encryption keys of the installation. Safe for concurrent use. A
// nil *Keys is that of a service which has no business with secrets: it opens
// nothing and may not store any.
type Keys struct {
	ids     []string // the first seals
	ciphers map[string]cipher.AEAD
}

// First is the id of the key that seals, "" where there is none.
func (k *Keys) First() string {
	if k == nil || len(k.ids) == 0 {
		return ""
	}
	return k.ids[0]
}

// IDs are those of all keys, the one that seals first.
func (k *Keys) IDs() []string {
	if k == nil {
		return nil
	}
	return slices.Clone(k.ids)
}

// Seal encrypts text for one place. There must be a First key.
func (k *Keys) Seal(at Place, text []byte) (*posthastev1.Sealed, error) {
	id := k.First()
	if id == "" {
		return nil, errors.New("seal: there is no encryption key; set encryption-keys")
	}
	dataKey := make([]byte, keySize)
	_, _ = rand.Read(dataKey) // never fails
	inner, err := newCipher(dataKey)
	if err != nil {
		return nil, err
	}
	return &posthastev1.Sealed{
		KeyId:   id,
		DataKey: k.ciphers[id].Seal(nil, nil, dataKey, at.bound(id, "data key")), //nolint:gosec // newCipher makes a random nonce for each
		Text:    inner.Seal(nil, nil, text, at.bound(id, "text")),                //nolint:gosec // likewise
	}, nil
}

// Open decrypts what was sealed for the place. The error is ErrShut.
func (k *Keys) Open(at Place, s *posthastev1.Sealed) ([]byte, error) {
	id := s.GetKeyId()
	if k == nil || k.ciphers[id] == nil {
		return nil, k.unknown(id)
	}
	dataKey, err := k.ciphers[id].Open(nil, nil, s.GetDataKey(), at.bound(id, "data key"))
	if err != nil {
		return nil, foreign(id)
	}
	inner, err := newCipher(dataKey)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrShut, err)
	}
	text, err := inner.Open(nil, nil, s.GetText(), at.bound(id, "text"))
	if err != nil {
		return nil, foreign(id)
	}
	return text, nil
}

func (k *Keys) unknown(id string) error {
	known := "none"
	if ids := k.IDs(); len(ids) > 0 {
		known = strings.Join(ids, ", ")
	}
	return fmt.Errorf("%w: it is sealed with encryption key %q, and this service has %s; add that key to encryption-keys", ErrShut, id, known)
}

func foreign(id string) error {
	return fmt.Errorf("%w: encryption key %q here is not the one that sealed it, or the record was changed or moved", ErrShut, id)
}

// bound is the associated data. No part of it can hold a zero byte.
func (p Place) bound(keyID, part string) []byte {
	return []byte(strings.Join([]string{"posthaste v1", part, keyID, p.Bucket, p.Key, p.Field}, "\x00"))
}
