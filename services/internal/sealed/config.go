package sealed

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"unicode"

	"github.com/posthaste/posthaste/services/internal/settings"
)

// Config holds the encryption keys of the installation.
type Config struct {
	EncryptionKeys settings.Secret `name:"encryption-keys" group:"Secrets" secret:"" help:"Keys that secrets are encrypted with before they reach NATS: <id>:<base64 of 32 bytes>, several with commas, spaces or line ends between. The first encrypts, all decrypt. posthaste secrets new-key makes one; dev makes one where none is given."`
	AllowPlaintext bool            `name:"allow-plaintext-secrets" group:"Secrets" help:"Start without encryption keys, and keep secrets in NATS in the clear."`
}

// keySize is that of AES-256, in bytes.
const keySize = 32

// maxID bounds the id of a key, in characters.
const maxID = 32

// Validate names what is wrong with a key by its place, and shows nothing of it.
func (c *Config) Validate() error {
	_, err := c.Keys()
	return err
}

// Require holds for services that keep or read secrets.
func (c *Config) Require() error {
	if c.EncryptionKeys.Set() || c.AllowPlaintext {
		return nil
	}
	return errors.New("encryption-keys: is required, so that secrets are not in NATS in the clear; make one with: posthaste secrets new-key (or set allow-plaintext-secrets)")
}

// Warn logs what is allowed but not wise.
func (c *Config) Warn(log *slog.Logger) {
	if !c.EncryptionKeys.Set() {
		log.Warn("there are no encryption keys: secrets are kept in NATS in the clear", "setting", "POSTHASTE_ENCRYPTION_KEYS")
	}
}

// Keys reads the keys. Without any, what is sealed cannot be opened and nothing
// is sealed.
func (c *Config) Keys() (*Keys, error) {
	texts := strings.FieldsFunc(c.EncryptionKeys.Reveal(), func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
	keys := &Keys{ciphers: make(map[string]cipher.AEAD, len(texts))}
	for i, text := range texts {
		id, aead, err := parseKey(text)
		if err == nil && slices.Contains(keys.ids, id) {
			err = errors.New("its id stands there twice")
		}
		if err != nil {
			return nil, fmt.Errorf("encryption-keys: key %d of %d: %w", i+1, len(texts), err)
		}
		keys.ids, keys.ciphers[id] = append(keys.ids, id), aead
	}
	return keys, nil
}

func parseKey(text string) (id string, aead cipher.AEAD, err error) {
	id, encoded, found := strings.Cut(text, ":")
	if !found || !checkID(id) {
		return "", nil, fmt.Errorf("must be <id>:<key>, with an id of 1 to %d letters, digits, dots, dashes and underscores", maxID)
	}
	key, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(key) != keySize {
		return "", nil, fmt.Errorf("must have the base64 of %d bytes after its id; make one with: posthaste secrets new-key", keySize)
	}
	aead, err = newCipher(key)
	return id, aead, err
}

func checkID(id string) bool {
	return id != "" && len(id) <= maxID && !strings.ContainsFunc(id, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && !strings.ContainsRune("._-", r)
	})
}

// newCipher is AES-GCM that puts a random nonce of 12 bytes before what it
// seals.
func newCipher(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("make cipher: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("make cipher: %w", err)
	}
	return aead, nil
}
