package sealed_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/sealed"
	"github.com/posthaste/posthaste/services/internal/settings"
	"github.com/posthaste/posthaste/services/internal/testbed/sealedtest"
)

var here = sealed.Place{Bucket: "subscriptions", Key: "acme.evsub_1", Field: "sealed"}

const text = "whsec_of-acme"

func seal(t *testing.T, keys *sealed.Keys) *posthastev1.Sealed {
	t.Helper()
	s, err := keys.Seal(here, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSealAndOpen(t *testing.T) {
	t.Parallel()
	old := sealedtest.Keys(t)
	s := seal(t, old)
	stored, err := proto.Marshal(s)
	if err != nil || bytes.Contains(stored, []byte(text)) || bytes.Contains(stored, []byte(text[:8])) {
		t.Errorf("stored as %q, %v", stored, err)
	}
	if other := seal(t, old); bytes.Equal(other.GetText(), s.GetText()) || bytes.Equal(other.GetDataKey(), s.GetDataKey()) {
		t.Error("two seals of one text are alike")
	}
	rotating := sealedtest.Keys(t, sealedtest.B, sealedtest.A)
	for name, keys := range map[string]*sealed.Keys{"the same": old, "one more": rotating} {
		if got, err := keys.Open(here, s); err != nil || string(got) != text {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if seal(t, rotating).GetKeyId() != "b" || s.GetKeyId() != "a" {
		t.Error("the first key does not seal")
	}
}

// What is sealed opens nowhere else, with no other key, and not when changed.
func TestOpensNowhereElse(t *testing.T) {
	t.Parallel()
	keys := sealedtest.Keys(t)
	s := seal(t, keys)
	changed := func(change func(*posthastev1.Sealed)) *posthastev1.Sealed {
		c := proto.CloneOf(s)
		change(c)
		return c
	}
	other := seal(t, keys)
	impostor := "a:" + strings.TrimPrefix(sealedtest.B, "b:")
	for name, c := range map[string]struct {
		keys *sealed.Keys
		at   sealed.Place
		s    *posthastev1.Sealed
	}{
		"another bucket":       {keys, sealed.Place{Bucket: "idempotency", Key: here.Key, Field: here.Field}, s},
		"another tenant":       {keys, sealed.Place{Bucket: here.Bucket, Key: "evil.evsub_1", Field: here.Field}, s},
		"another record":       {keys, sealed.Place{Bucket: here.Bucket, Key: "acme.evsub_2", Field: here.Field}, s},
		"another field":        {keys, sealed.Place{Bucket: here.Bucket, Key: here.Key, Field: "other"}, s},
		"no keys":              {sealedtest.Keys(t, ""), here, s},
		"no business":          {nil, here, s},
		"another key":          {sealedtest.Keys(t, sealedtest.B), here, s},
		"another of that name": {sealedtest.Keys(t, impostor), here, s},
		"renamed key":          {sealedtest.Keys(t, sealedtest.A, "b:"+strings.TrimPrefix(sealedtest.A, "a:")), here, changed(func(c *posthastev1.Sealed) { c.KeyId = "b" })},
		"flipped text":         {keys, here, changed(func(c *posthastev1.Sealed) { c.Text[len(c.Text)-1] ^= 1 })},
		"flipped key":          {keys, here, changed(func(c *posthastev1.Sealed) { c.DataKey[0] ^= 1 })},
		"cut":                  {keys, here, changed(func(c *posthastev1.Sealed) { c.Text = c.Text[:5] })},
		"empty":                {keys, here, &posthastev1.Sealed{KeyId: "a"}},
		"text of another":      {keys, here, changed(func(c *posthastev1.Sealed) { c.Text = other.GetText() })},
	} {
		if got, err := c.keys.Open(c.at, c.s); !errors.Is(err, sealed.ErrShut) || got != nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if _, err := sealedtest.Keys(t, "").Seal(here, nil); err == nil {
		t.Error("sealed without a key")
	}
}

func TestErrorSaysWhichKeyIsMissing(t *testing.T) {
	t.Parallel()
	_, err := sealedtest.Keys(t, sealedtest.B).Open(here, seal(t, sealedtest.Keys(t)))
	if err == nil || err.Error() != `cannot be opened: it is sealed with encryption key "a", and this service has b; add that key to encryption-keys` {
		t.Error(err)
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	secret := strings.TrimPrefix(sealedtest.A, "a:")
	for value, want := range map[string]string{
		"":                                     "",
		sealedtest.A:                           "",
		sealedtest.A + "\n" + sealedtest.B:     "",
		sealedtest.A + ", " + sealedtest.B:     "",
		secret:                                 "key 1 of 1: must be <id>:<key>",
		"a b:" + secret:                        "key 1 of 2: must be <id>:<key>",
		strings.Repeat("x", 33) + ":" + secret: "key 1 of 1: must be <id>:<key>, with an id of 1 to 32",
		"a:" + secret[:40]:                     "key 1 of 1: must have the base64 of 32 bytes",
		"a:not base64":                         "key 1 of 2: must have the base64",
		sealedtest.A + " a:" + secret:          "key 2 of 2: its id stands there twice",
	} {
		err := (&sealed.Config{EncryptionKeys: settings.Secret(value)}).Validate()
		if want == "" && err != nil || want != "" && (err == nil || !strings.HasPrefix(err.Error(), "encryption-keys: "+want)) {
			t.Errorf("%q: %v, want %q", value, err, want)
		}
		if err != nil && strings.Contains(err.Error(), secret[:8]) {
			t.Errorf("the error shows the key: %v", err)
		}
	}
}

func TestRequire(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		cfg sealed.Config
		ok  bool
	}{{sealed.Config{}, false}, {sealed.Config{AllowPlaintext: true}, true}, {sealed.Config{EncryptionKeys: sealedtest.A}, true}} {
		if err := c.cfg.Require(); (err == nil) != c.ok {
			t.Errorf("%+v: %v", c.cfg, err)
		}
	}
}

func TestNewKey(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	one, two := sealed.NewKey(now), sealed.NewKey(now)
	keys, err := (&sealed.Config{EncryptionKeys: one + "," + two}).Keys()
	if err != nil || len(keys.IDs()) != 2 || !strings.HasPrefix(keys.First(), "20260301-") {
		t.Errorf("%v, %v", keys.IDs(), err)
	}
}
