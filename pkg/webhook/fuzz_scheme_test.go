package webhook_test

import (
	"bytes"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/posthaste/posthaste/pkg/webhook"
)

// FuzzVerifySchemes: a signature is right if the signer, given the same id,
// time and body, makes it, and Parse says no more than Verify has let through.
func FuzzVerifySchemes(f *testing.F) {
	all := vectors()
	for name, v := range all {
		f.Add(name, v.header[v.scheme.IDHeader], v.signature, []byte(v.body))
		f.Add(name, "x", v.signature+","+v.signature, []byte(`{"type":"a"}`))
		f.Add(name, "x", "sha256=,t=1,v1= v1a,", []byte(nil))
	}
	f.Fuzz(func(t *testing.T, name, id, signature string, body []byte) {
		v, ok := all[name]
		if !ok {
			return
		}
		h := v.headers()
		if v.scheme.IDHeader != "" {
			h.Set(v.scheme.IDHeader, id)
		}
		h.Set(v.scheme.SignatureHeader, signature)
		verifier := v.verifier(t)
		err := verifier.Verify(h, body)
		if _, parseErr := verifier.Parse(h, body); parseErr == nil && err != nil || err == nil && parseErr != nil && !errors.Is(parseErr, webhook.ErrBadEvent) {
			t.Fatalf("Verify %v, Parse %v", err, parseErr)
		}
		if err == nil && !strings.Contains(signature, digestOf(v, id, body)) {
			t.Fatalf("%q is right for %q", signature, body)
		}
		if got := webhook.VerifySignature(v.scheme, body, signature, v.secret); got && errors.Is(err, webhook.ErrNoMatch) {
			t.Fatalf("VerifySignature %v, Verify %v", got, err)
		}
		h.Set(v.scheme.SignatureHeader, v.signer(t).Sign(id, vectorTime(), body))
		if err := verifier.Verify(h, body); err != nil && !errors.Is(err, webhook.ErrMissingHeader) && !errors.Is(err, webhook.ErrBadID) {
			t.Fatalf("our own signature: %v", err)
		}
	})
}

// digestOf is the last part of the signature that the signer makes.
func digestOf(v vector, id string, body []byte) string {
	secret, err := webhook.LiteralSecret(v.secret)
	if err != nil {
		panic(err)
	}
	signer, err := webhook.NewSchemeSigner(v.scheme, secret)
	if err != nil {
		panic(err)
	}
	signature := signer.Sign(id, vectorTime(), body)
	if v.scheme.Form == webhook.FormFields {
		return signature[strings.LastIndex(signature, "v1="):]
	}
	return signature
}

// FuzzParseStripeHeader: what passes has one time, the one that was signed.
func FuzzParseStripeHeader(f *testing.F) {
	v := vectors()["stripe"]
	for _, value := range []string{
		v.signature, "v1=" + stripeDigest, "t=1,t=2", "t=1614265330", ",,=,t==", "t=1614265330,v1=" + stripeOldDigest + ",v1=" + stripeDigest,
	} {
		f.Add(value)
	}
	verifier := v.verifier(f)
	f.Fuzz(func(t *testing.T, value string) {
		h := http.Header{}
		h.Set("Stripe-Signature", value)
		err := verifier.Verify(h, []byte(v.body))
		if errors.Is(err, webhook.ErrBadEvent) || errors.Is(err, webhook.ErrBadID) {
			t.Fatal(err)
		}
		if err != nil {
			return
		}
		fields := strings.Split(value, ",")
		times := 0
		for _, field := range fields {
			if strings.HasPrefix(field, "t=") {
				times++
			}
		}
		if times != 1 || !strings.Contains(value, "t=1614265330") || !strings.Contains(value, "v1="+stripeDigest) {
			t.Fatalf("%q passed", value)
		}
	})
}

// FuzzParseBody: no body that was signed makes Parse panic, quote or keep.
func FuzzParseBody(f *testing.F) {
	all := vectors()
	for name, v := range all {
		f.Add(name, []byte(v.body))
		f.Add(name, []byte(`{"type":1,"event":{},"created":1e999,"timestamp":"","id":null}`))
		f.Add(name, []byte(`{"type":"a","created":9223372036854775807,"data":[`))
	}
	f.Fuzz(func(t *testing.T, name string, body []byte) {
		v, ok := all[name]
		if !ok {
			return
		}
		d, err := v.verifier(t).Parse(v.sign(t, string(body)), body)
		if err != nil {
			if !errors.Is(err, webhook.ErrBadEvent) || d.ID != "" || len(err.Error()) > 200 {
				t.Fatalf("got %+v, %v", d, err)
			}
			return
		}
		if d.Event.Type == "" || !bytes.Contains(body, d.Event.Data) {
			t.Fatalf("got %+v of %q", d, body)
		}
	})
}

// FuzzLiteralSecret checks that any text can be used, and never shown whole.
func FuzzLiteralSecret(f *testing.F) {
	for _, text := range []string{"", "x", vectorSecret, vectorSigningKey, vectorSigningKeyLong, strings.Repeat("ä", 128), "\xff\xff\xff\xff\x80"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := webhook.LiteralSecret(text)
		if wrong := text == "" || len(text) > 256; wrong != (err != nil) || s.IsZero() != wrong {
			t.Fatalf("%d bytes: %v", len(text), err)
		}
		if err != nil {
			return
		}
		if p := s.Prefix(); s.Reveal() != text || !strings.HasPrefix(text, p) || 3*len(p) > len(text) {
			t.Fatalf("%q shows %q", text, p)
		}
		if _, err := webhook.NewSigner(s); err != nil {
			t.Fatal(err)
		}
	})
}
