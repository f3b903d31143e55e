package control

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/posthaste/posthaste/services/internal/dialect"
	"github.com/posthaste/posthaste/services/internal/settings"
)

func of(dialect, url, members string) string {
	return fmt.Sprintf(`{"dialect":%q,"url":"https://example.com/%s"%s}`, dialect, url, members)
}

const types = `,"eventTypes":["a"]`

func TestSecretPolicies(t *testing.T) {
	t.Parallel()
	h := start(t)
	literal := `,"secret":"sixteen letters."`
	for name, c := range map[string]struct {
		dialect, members string
		field, message   string // of the refusal
		made             bool
	}{
		"standard":          {dialect: "standard", members: types, made: true},
		"standard, literal": {dialect: "standard", members: types + literal, field: "secret", message: "whsec_"},
		"agentrail":         {dialect: "agentrail", members: types, made: true},
		"agentrail, given":  {dialect: "agentrail", members: types + literal},
		"agentrail, short":  {dialect: "agentrail", members: types + `,"secret":"fifteen letters"`, field: "secret", message: "16 to 128 characters, has 15"},
		"agentrail, long":   {dialect: "agentrail", members: types + `,"secret":"` + rep("x", 129) + `"`, field: "secret", message: "has 129"},
		"aicity":            {dialect: "aicity", made: true},
		"aicity, given":     {dialect: "aicity", members: literal, field: "secret", message: "is made by the server in the dialect aicity"},
		"aicity, types":     {dialect: "aicity", members: types, field: "eventTypes", message: "cannot be chosen in the dialect aicity"},
		"neiracore":         {dialect: "neiracore", members: types + `,"secret":"s"`},
		"neiracore, none":   {dialect: "neiracore", members: types, field: "secret", message: "is required in the dialect neiracore"},
		"neiracore, long":   {dialect: "neiracore", members: types + `,"secret":"` + rep("x", 257) + `"`, field: "secret", message: "1 to 256"},
		"github, ed25519":   {dialect: "github", members: types + `,"signingAlgorithm":"ed25519"`, field: "signingAlgorithm", message: "not one that the dialect github signs with"},
		"standard, md5":     {dialect: "standard", members: types + `,"signingAlgorithm":"md5"`, field: "signingAlgorithm", message: `has ["hmac_sha256" "ed25519"]`},
		"standard, mixed":   {dialect: "standard", members: types + `,"signingAlgorithm":"ed25519","secret":"whsec_` + rep("AAAA", 8) + `"`, field: "secret", message: "is not one for ed25519"},
	} {
		a := h.do(t, http.MethodPost, collection+"?tenant="+strings.NewReplacer(", ", "-").Replace(name), of(c.dialect, "x", c.members))
		if c.field != "" {
			a.names(t, c.field, c.message)
			continue
		}
		if got := a.one(t, http.StatusCreated).Data; (got.Secret != "") != c.made {
			t.Errorf("%s: secret %q, want one: %t", name, got.Secret, c.made)
		}
	}
}

// A secret may be any text in some dialects, also one that looks like a key.
func TestLiteralSecretThatLooksLikeAKey(t *testing.T) {
	t.Parallel()
	h := start(t)
	got := h.created(t, of("neiracore", "x", types+`,"secret":"whsk_not-a-key-at-all"`))
	if got.SigningAlgorithm != "hmac_sha256" || got.PublicKey != "" || got.SecretPrefix != "whsk_not-a" {
		t.Errorf("%+v", got)
	}
	h.do(t, http.MethodPost, collection+"/"+got.ID+"/rotate-secret", `{"secret":"whsk_another"}`).one(t, http.StatusOK)
}

func TestEd25519(t *testing.T) {
	t.Parallel()
	h := start(t)
	a := h.do(t, http.MethodPost, collection, of("standard", "x", types+`,"signingAlgorithm":"ed25519"`))
	got := a.one(t, http.StatusCreated).Data
	if got.Secret != "" || got.SecretPrefix != "" || !strings.HasPrefix(got.PublicKey, "whpk_") || got.SigningAlgorithm != "ed25519" || strings.Contains(a.Text, "whsk_") {
		t.Errorf("%s", a.Text)
	}
	path := collection + "/" + got.ID
	a = h.do(t, http.MethodPost, path+"/rotate-secret", "")
	next := a.one(t, http.StatusOK).Data
	if next.PublicKey == got.PublicKey || !strings.HasPrefix(next.PublicKey, "whpk_") || next.Secret != "" || strings.Contains(a.Text, "whsk_") {
		t.Errorf("%s", a.Text)
	}
	if len(next.RetiringSecrets) != 1 || next.RetiringSecrets[0].PublicKey != got.PublicKey || next.RetiringSecrets[0].Prefix != "" {
		t.Errorf("retiring %+v", next.RetiringSecrets)
	}
}

// custom are the dialects of an operator.
func custom(t *testing.T, usual, yaml string) *dialect.Set {
	t.Helper()
	file := filepath.Join(t.TempDir(), "dialects.yaml")
	if err := os.WriteFile(file, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := settings.Defaults[dialect.Config]()
	cfg.DialectsFile, cfg.DefaultDialect = file, usual
	set, err := cfg.Load()
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// A dialect that signs with nothing but ed25519 makes a key unasked.
func TestDialectOfKeysAlone(t *testing.T) {
	t.Parallel()
	h := start(t, func(_ *Config, d *Deps) {
		d.Dialects = custom(t, "standard", "dialects: [{name: keys, extends: standard, secret: {algorithms: [ed25519]}}]")
	})
	got := h.created(t, of("keys", "x", types))
	if got.Secret != "" || got.SigningAlgorithm != "ed25519" || got.PublicKey == "" {
		t.Errorf("%+v", got)
	}
}

// The server's default may be one of one webhook for each tenant.
func TestUnknownDialectWhereTheDefaultUpdates(t *testing.T) {
	t.Parallel()
	h := start(t, func(_ *Config, d *Deps) { d.Dialects = custom(t, "aicity", "dialects: []") })
	h.do(t, http.MethodPost, collection, of("nothing", "x", "")).names(t, "dialect", "is not known")
	h.created(t, `{"url":"https://example.com/x"}`)
	h.do(t, http.MethodPost, collection, of("nothing", "x", "")).names(t, "dialect", "is not known")
	h.do(t, http.MethodPost, collection, `{"url":"https://example.com/y"}`).one(t, http.StatusOK)
}

// One webhook for each tenant, whose secret is the caller's.
func TestRegisterAgainNeedsNoSecret(t *testing.T) {
	t.Parallel()
	h := start(t, func(_ *Config, d *Deps) {
		d.Dialects = custom(t, "standard", "dialects: [{name: one, extends: neiracore, duplicates: update}]")
	})
	first := h.created(t, of("one", "x", types+`,"secret":"s3cret","description":"d","timeout":"1s","headers":{"X-A":"b"}`))
	again := h.do(t, http.MethodPost, collection, of("one", "y", `,"eventTypes":["b"]`)).one(t, http.StatusOK).Data
	first.URL, first.EventTypes, first.UpdatedAt = "https://example.com/y", []string{"b"}, again.UpdatedAt
	if diff := cmp.Diff(first, again); diff != "" {
		t.Error(diff)
	}
	h.do(t, http.MethodPost, collection, of("one", "y", types+`,"secret":"other"`)).names(t, "secret", "stays as it is")
}
