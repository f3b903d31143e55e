// Package auth says who a request comes from.
package auth

import (
	"crypto/sha256"
	"crypto/subtle"
	"log/slog"
	"net/http"
	"strings"

	"github.com/posthaste/posthaste/services/internal/problem"
	"github.com/posthaste/posthaste/services/internal/settings"
)

// Config holds the bootstrap key.
type Config struct {
	APIKey settings.Secret `name:"api-key" group:"Access" secret:"" help:"Bootstrap API key, an administrator's. Make it long and random: a short one is warned of. dev makes one where none is given."`
}

// shortKey is the length below which a key can be guessed, in characters.
const shortKey = 16

// Warn logs what is allowed but not wise.
func (c *Config) Warn(log *slog.Logger) {
	if n := len(c.APIKey.Reveal()); n > 0 && n < shortKey {
		log.Warn("the API key is short and can be guessed", "characters", n, "advised", shortKey)
	}
}

// Principal is who makes a request.
type Principal struct {
	// Tenant that the key is bound to; empty for an administrator, who may
	// name any.
	Tenant string
	// Admin may act for every tenant.
	Admin bool
}

// For returns the tenant to act for when the request names named ("" for
// none), or a 403.
func (p Principal) For(named, fallback string) (string, error) {
	switch {
	case p.Admin && named != "":
		return named, nil
	case p.Admin:
		return fallback, nil
	case named != "" && named != p.Tenant:
		return "", problem.Scope("The key is bound to another tenant.")
	default:
		return p.Tenant, nil
	}
}

// Keys checks bearer keys.
type Keys struct {
	bootstrap [sha256.Size]byte
}

// NewKeys makes a checker.
func NewKeys(cfg Config) *Keys {
	return &Keys{bootstrap: sha256.Sum256([]byte(cfg.APIKey.Reveal()))}
}

// Authenticate reads "Authorization: Bearer <key>". The error is a 401.
func (k *Keys) Authenticate(r *http.Request) (Principal, error) {
	scheme, key, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	key = strings.TrimSpace(key)
	if !strings.EqualFold(scheme, "Bearer") || key == "" {
		return Principal{}, problem.Unauthorized("Send the API key as \"Authorization: Bearer <key>\".")
	}
	// Digests have one length, so the comparison takes the same time for all.
	sum := sha256.Sum256([]byte(key))
	if subtle.ConstantTimeCompare(sum[:], k.bootstrap[:]) != 1 {
		return Principal{}, problem.Unauthorized("The API key is not known.")
	}
	return Principal{Admin: true}, nil
}
