package sealed

import (
	"crypto/rand"
	"encoding/base64"
	"strings"
	"time"

	"github.com/posthaste/posthaste/services/internal/settings"
)

// NewKey makes a key as the setting takes it. Its id says when it was made.
func NewKey(now time.Time) settings.Secret {
	key := make([]byte, keySize)
	_, _ = rand.Read(key) // never fails
	id := now.UTC().Format("20060102") + "-" + strings.ToLower(rand.Text()[:6])
	return settings.Secret(id + ":" + base64.StdEncoding.EncodeToString(key))
}
