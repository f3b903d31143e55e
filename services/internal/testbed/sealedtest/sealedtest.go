package sealedtest

import (
	"testing"

	"github.com/posthaste/posthaste/services/internal/sealed"
	"github.com/posthaste/posthaste/services/internal/settings"
)

// Keys as the setting encryption-keys takes them.
const (
	A = "a:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
	B = "b:HxwdHh8AAQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRo="
)

// Keys reads keys, of which the first seals; A where none is named.
func Keys(tb testing.TB, texts ...string) *sealed.Keys {
	tb.Helper()
	if len(texts) == 0 {
		texts = []string{A}
	}
	cfg := sealed.Config{}
	for _, text := range texts {
		cfg.EncryptionKeys += settings.Secret(text + " ")
	}
	keys, err := cfg.Keys()
	if err != nil {
		tb.Fatal(err)
	}
	return keys
}
