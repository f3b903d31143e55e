package allinone

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/posthaste/posthaste/services/internal/sealed"
	"github.com/posthaste/posthaste/services/internal/settings"
)

func newAPIKey() settings.Secret { return settings.Secret("ph_" + rand.Text()) }

func newEncryptionKey() settings.Secret { return sealed.NewKey(time.Now()) }

// loadKey reads a key, or makes one and keeps it for the next start. noun is
// what errors call it.
func loadKey(file, noun string, fresh func() settings.Secret) (settings.Secret, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		key := fresh()
		if err := os.WriteFile(file, []byte(key.Reveal()+"\n"), 0o600); err != nil {
			return "", fmt.Errorf("keep %s: %w", noun, err)
		}
		return key, nil
	}
	if err != nil {
		return "", fmt.Errorf("read %s: %w", noun, err)
	}
	key := settings.Secret(strings.TrimSpace(string(text)))
	if !key.Set() {
		return "", fmt.Errorf("read %s: %s is empty; remove it to have one made", noun, file)
	}
	return key, nil
}
