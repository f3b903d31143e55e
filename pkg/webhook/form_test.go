package webhook_test

import (
	"errors"
	"testing"

	"github.com/posthaste/posthaste/pkg/webhook"
)

func TestStripeHeader(t *testing.T) {
	t.Parallel()
	v := vectors()["stripe"]
	const at = "t=1614265330,"
	for name, tt := range map[string]struct {
		value string
		want  error
	}{
		"one":               {at + "v1=" + stripeDigest, nil},
		"old and new":       {at + "v1=" + stripeDigest + ",v1=" + stripeOldDigest, nil},
		"new and old":       {at + "v1=" + stripeOldDigest + ",v1=" + stripeDigest, nil},
		"time last":         {"v1=" + stripeDigest + ",t=1614265330", nil},
		"test mode's v0":    {at + "v1=" + stripeDigest + ",v0=" + stripeOldDigest, nil},
		"junk beside":       {at + "junk,=,,v1=" + stripeDigest, nil},
		"old only":          {at + "v1=" + stripeOldDigest, webhook.ErrNoMatch},
		"v0 only":           {at + "v0=" + stripeDigest, webhook.ErrNoMatch},
		"v1a":               {at + "v1a=" + stripeDigest, webhook.ErrNoMatch},
		"no signature":      {"t=1614265330", webhook.ErrNoMatch},
		"space before v1":   {at + " v1=" + stripeDigest, webhook.ErrNoMatch},
		"another time":      {"t=1614265331,v1=" + stripeDigest, webhook.ErrNoMatch},
		"no time":           {"v1=" + stripeDigest, webhook.ErrBadTimestamp},
		"two times":         {at + at + "v1=" + stripeDigest, webhook.ErrBadTimestamp},
		"time as words":     {"t=now,v1=" + stripeDigest, webhook.ErrBadTimestamp},
		"time empty":        {"t=,v1=" + stripeDigest, webhook.ErrBadTimestamp},
		"time with plus":    {"t=+1614265330,v1=" + stripeDigest, webhook.ErrBadTimestamp},
		"time with zero":    {"t=01614265330,v1=" + stripeDigest, webhook.ErrBadTimestamp},
		"time long ago":     {"t=1614265029,v1=" + stripeDigest, webhook.ErrTooOld},
		"time in future":    {"t=1614265631,v1=" + stripeDigest, webhook.ErrTooNew},
		"nothing but comma": {",", webhook.ErrBadTimestamp},
	} {
		h := v.headers()
		h.Set("Stripe-Signature", tt.value)
		if err := v.verifier(t).Verify(h, []byte(v.body)); !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", name, err, tt.want)
		}
	}
}

func TestStripeSignsWithBoth(t *testing.T) {
	t.Parallel()
	got := mustSchemeSigner(t, webhook.Stripe(), "whsec_test_secret", "whsec_test_old").Sign("", vectorTime(), []byte(stripeBody))
	if want := "t=1614265330,v1=" + stripeDigest + ",v1=" + stripeOldDigest; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestFormsOfOnesOwn puts the choices together as no built-in scheme does.
func TestFormsOfOnesOwn(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*webhook.Scheme)
		want   string // Computed with openssl over stripeBody.
	}{
		"body in base64": {
			func(s *webhook.Scheme) { s.Encoding, s.Prefix = webhook.Base64, "hmac=" },
			"hmac=mfr8G5Bcwxj8EgKh4ibD04vuTSQdh8qkMxQHshFIrmU=",
		},
		"time in its own header": {
			func(s *webhook.Scheme) { s.Content, s.TimestampHeader = webhook.SignTimestampBody, "X-Time" },
			stripeDigest,
		},
		"id and time among fields": {
			func(s *webhook.Scheme) {
				s.Content, s.Form, s.Encoding = webhook.SignIDTimestampBody, webhook.FormFields, webhook.Base64
			},
			"t=1614265330,v1=0OYHge7orrj2t83Xw/9+7lmPYSnhOXMKcujzQZENn8I=",
		},
		"list of body's hex": {
			func(s *webhook.Scheme) { s.Form = webhook.FormList },
			"v1,99fafc1b905cc318fc1202a1e226c3d38bee4d241d87caa4331407b21148ae65",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := vector{scheme: webhook.Scheme{Name: "own", SignatureHeader: "X-Sig", IDHeader: "X-Id"}, secret: "whsec_test_secret", body: stripeBody}
			tt.change(&v.scheme)
			if v.signature = v.signer(t).Sign("dlv_1", vectorTime(), []byte(v.body)); v.signature != tt.want {
				t.Errorf("signed %s, want %s", v.signature, tt.want)
			}
			v.header = map[string]string{"X-Id": "dlv_1", "X-Time": "1614265330"}
			d, err := v.verifier(t).Parse(v.headers(), []byte(v.body))
			if err != nil || d.ID != "dlv_1" || string(d.Event.Data) != v.body {
				t.Errorf("got %+v, %v", d, err)
			}
		})
	}
}
