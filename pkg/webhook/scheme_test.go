package webhook_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/posthaste/posthaste/pkg/webhook"
)

func TestSchemeNamed(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"standard", "neiracore", "aicity", "agentrail", "github", "stripe"} {
		s, ok := webhook.SchemeNamed(name)
		if !ok || s.Name != name || s.Validate() != nil {
			t.Errorf("%s: got %q, %v, %v", name, s.Name, ok, s.Validate())
		}
	}
	for _, name := range []string{"", "Standard", "svix"} {
		if s, ok := webhook.SchemeNamed(name); ok || s.SignatureHeader != "" {
			t.Errorf("%q: got %+v", name, s)
		}
	}
}

// TestSchemesAreFresh: what one caller does to a scheme no other sees.
func TestSchemesAreFresh(t *testing.T) {
	t.Parallel()
	mine := webhook.AgentRail()
	mine.Required[0] = "x-mine"
	if other := webhook.AgentRail(); other.Required[0] == "x-mine" {
		t.Error("another caller's scheme changed")
	}
	v := vectors()["agentrail"]
	verifier := v.verifier(t)
	v.scheme.Required[0] = "x-changed-later"
	if err := verifier.Verify(v.headers(), []byte(v.body)); err != nil {
		t.Errorf("a verifier changed with its maker's scheme: %v", err)
	}
}

func TestSchemeValidate(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change   func(*webhook.Scheme) // Of Standard.
		wantText string                // Empty: accepted.
	}{
		"as it is":               {func(*webhook.Scheme) {}, ""},
		"smallest":               {func(s *webhook.Scheme) { *s = webhook.Scheme{SignatureHeader: "x"} }, ""},
		"empty":                  {func(s *webhook.Scheme) { *s = webhook.Scheme{} }, "SignatureHeader: must be a header's name"},
		"header with space":      {func(s *webhook.Scheme) { s.SignatureHeader = "x sig" }, "SignatureHeader: must be a header's name"},
		"header with colon":      {func(s *webhook.Scheme) { s.IDHeader = "x:" }, "IDHeader: must be a header's name"},
		"header with line end":   {func(s *webhook.Scheme) { s.TypeHeader = "x\r\ny" }, "TypeHeader: must be a header's name"},
		"header not ASCII":       {func(s *webhook.Scheme) { s.AttemptHeader = "vérsuch" }, "AttemptHeader: must be a header's name"},
		"header at the limit":    {func(s *webhook.Scheme) { s.EventIDHeader = strings.Repeat("x", 128) }, ""},
		"header too long":        {func(s *webhook.Scheme) { s.EventIDHeader = strings.Repeat("x", 129) }, "EventIDHeader: must be a header's name: 1 to 128"},
		"signature's header":     {func(s *webhook.Scheme) { s.SubscriptionIDHeader = "Webhook-Signature" }, "SubscriptionIDHeader: must not be the signature's"},
		"required empty":         {func(s *webhook.Scheme) { s.Required = []string{"ok", ""} }, "Required[1]: must be a header's name"},
		"unknown content":        {func(s *webhook.Scheme) { s.Content = 3 }, "Content: must be SignBody"},
		"unknown encoding":       {func(s *webhook.Scheme) { s.Encoding = 2 }, "Encoding: must be Hex"},
		"unknown key":            {func(s *webhook.Scheme) { s.Key = 2 }, "Key: must be LiteralKey"},
		"unknown form":           {func(s *webhook.Scheme) { s.Form = 3 }, "Form: must be FormSingle"},
		"id signed, not sent":    {func(s *webhook.Scheme) { s.IDHeader = "" }, "IDHeader: must not be empty"},
		"time signed, not sent":  {func(s *webhook.Scheme) { s.TimestampHeader = "" }, "TimestampHeader: must not be empty"},
		"time sent among fields": {func(s *webhook.Scheme) { s.TimestampHeader, s.Form = "", webhook.FormFields }, ""},
		"time sent, not signed":  {func(s *webhook.Scheme) { s.Content, s.Form = webhook.SignBody, webhook.FormFields }, "Content: must hold the time"},
		"prefix in a list":       {func(s *webhook.Scheme) { s.Prefix = "sha256=" }, "Prefix: must be empty but in FormSingle"},
		"prefix":                 {func(s *webhook.Scheme) { s.Form, s.Prefix = webhook.FormSingle, strings.Repeat("~", 64) }, ""},
		"prefix too long":        {func(s *webhook.Scheme) { s.Form, s.Prefix = webhook.FormSingle, strings.Repeat("~", 65) }, "Prefix: must be at most 64 bytes, is 65"},
		"prefix with space":      {func(s *webhook.Scheme) { s.Form, s.Prefix = webhook.FormSingle, "a b" }, "Prefix: must be visible ASCII"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := webhook.Standard()
			tt.change(&s)
			_, signer := webhook.NewSchemeSigner(s, webhook.NewSecret())
			_, verifier := webhook.NewVerifier([]webhook.Secret{webhook.NewSecret()}, webhook.WithScheme(s))
			for _, err := range []error{s.Validate(), signer, verifier} {
				if tt.wantText == "" {
					if err != nil {
						t.Errorf("got %v", err)
					}
				} else if !errors.Is(err, webhook.ErrBadScheme) || !strings.Contains(err.Error(), tt.wantText) {
					t.Errorf("got %v, want %q", err, tt.wantText)
				}
			}
		})
	}
}

func TestNewSchemeSignerRefuses(t *testing.T) {
	t.Parallel()
	if _, err := webhook.NewSchemeSigner(webhook.GitHub()); !errors.Is(err, webhook.ErrNoSecret) {
		t.Errorf("without a secret: %v", err)
	}
	// The second one would never sign, but someone believes that it does.
	if _, err := webhook.NewSchemeSigner(webhook.GitHub(), webhook.NewSecret(), webhook.Secret{}); !errors.Is(err, webhook.ErrNoSecret) {
		t.Errorf("with a zero one: %v", err)
	}
}
