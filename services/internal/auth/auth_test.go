package auth

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/posthaste/posthaste/services/internal/problem"
	"github.com/posthaste/posthaste/services/internal/settings"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const key = "0123456789abcdef"

func TestAuthenticate(t *testing.T) {
	t.Parallel()
	keys := NewKeys(Config{APIKey: key}, nil)
	for header, want := range map[string]bool{
		"Bearer " + key:          true,
		"bearer " + key:          true,
		"BEARER  " + key + " ":   true,
		"":                       false,
		"Bearer":                 false,
		"Bearer ":                false,
		key:                      false,
		"Basic " + key:           false,
		"Bearer " + key + "x":    false,
		"Bearer " + key[:15]:     false,
		"Bearer " + key + " x":   false,
		"Bearer wrong":           false,
		"Bearer " + key + "\x00": false,
	} {
		r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/", nil)
		r.Header.Set("Authorization", header)
		who, err := keys.Authenticate(r)
		var p *problem.Error
		switch {
		case want && (err != nil || !who.Operator || who.Tenant != ""):
			t.Errorf("%q: %+v, %v", header, who, err)
		case !want && (!errors.As(err, &p) || p.Status != http.StatusUnauthorized || who != Principal{}):
			t.Errorf("%q: %+v, %v; want a 401", header, who, err)
		case !want && strings.Contains(p.Message, key):
			t.Errorf("%q: the key is in %q", header, p.Message)
		}
	}
}

func TestNoKeyConfiguredLetsNobodyIn(t *testing.T) {
	t.Parallel()
	keys := NewKeys(Config{}, nil)
	for _, header := range []string{"", "Bearer", "Bearer ", "Bearer  "} {
		r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/", nil)
		r.Header.Set("Authorization", header)
		if who, err := keys.Authenticate(r); err == nil {
			t.Errorf("%q is %+v", header, who)
		}
	}
}

func TestFor(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		who         Principal
		named, want string
		refused     bool
	}{
		{Principal{Operator: true}, "", "fallback", false},
		{Principal{Operator: true}, "acme", "acme", false},
		{Principal{Tenant: "acme"}, "", "acme", false},
		{Principal{Tenant: "acme"}, "acme", "acme", false},
		{Principal{Tenant: "acme"}, "globex", "", true},
		{Principal{}, "globex", "", true},
	} {
		got, err := c.who.For(c.named, "fallback")
		var p *problem.Error
		if got != c.want || c.refused != (errors.As(err, &p) && p.Status == http.StatusForbidden) {
			t.Errorf("%+v for %q: %q, %v", c.who, c.named, got, err)
		}
	}
}

func TestWarnsOfAShortKey(t *testing.T) {
	t.Parallel()
	for given, warned := range map[settings.Secret]bool{"": false, "0123456789abcde": true, key: false} {
		var log bytes.Buffer
		cfg := Config{APIKey: given}
		cfg.Warn(slog.New(slog.NewTextHandler(&log, nil)))
		if got := strings.Contains(log.String(), "can be guessed"); got != warned {
			t.Errorf("%d characters: logged %q", len(given.Reveal()), &log)
		}
		if given != "" && strings.Contains(log.String(), given.Reveal()) {
			t.Error("the key is in the log")
		}
	}
}
