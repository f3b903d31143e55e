package endpointtls

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/testbed/certtest"
)

// said are faults as one text.
func said(all []Fault) string {
	texts := make([]string, len(all))
	for i, f := range all {
		texts[i] = f.Field + " " + f.Problem
	}
	return strings.Join(texts, "; ")
}

func TestRead(t *testing.T) {
	t.Parallel()
	root := certtest.Authority(t, "root")
	leaf, other := root.Sign(t, "client"), root.Sign(t, "other")
	secret := strings.Split(leaf.Key, "\n")[1]
	for name, test := range map[string]struct {
		pb   *posthastev1.Tls
		want string
	}{
		"all":            {&posthastev1.Tls{ClientCertificate: leaf.Certificate + root.Certificate, ClientKey: leaf.Key, Ca: root.Certificate}, ""},
		"authority":      {&posthastev1.Tls{Ca: "# ours\n" + root.Certificate + "\n\n"}, ""},
		"pair":           {&posthastev1.Tls{ClientCertificate: leaf.Certificate, ClientKey: leaf.Key}, ""},
		"nothing":        {&posthastev1.Tls{}, "clientCertificate is required, with clientKey, or ca"},
		"no key":         {&posthastev1.Tls{ClientCertificate: leaf.Certificate}, "clientKey is required"},
		"no certificate": {&posthastev1.Tls{ClientKey: leaf.Key}, "clientCertificate is required with clientKey"},
		"another's key":  {&posthastev1.Tls{ClientCertificate: leaf.Certificate, ClientKey: other.Key}, "clientKey is not the key of"},
		"wrong order":    {&posthastev1.Tls{ClientCertificate: root.Certificate + leaf.Certificate, ClientKey: leaf.Key}, "clientKey is not the key of"},
		"no PEM":         {&posthastev1.Tls{ClientCertificate: "x", ClientKey: leaf.Key, Ca: "MIIB"}, "ca must be certificates in PEM, from -----BEGIN CERTIFICATE----- on; clientCertificate must be"},
		"key in chain":   {&posthastev1.Tls{ClientCertificate: leaf.Certificate + leaf.Key, ClientKey: leaf.Key}, "clientCertificate has a private key in it"},
		"key for ca":     {&posthastev1.Tls{Ca: leaf.Key}, "ca has a private key in it"},
		"cut":            {&posthastev1.Tls{Ca: root.Certificate + root.Certificate[:80]}, "ca has what is no PEM after certificate 1"},
		"other block":    {&posthastev1.Tls{Ca: strings.ReplaceAll(root.Certificate, "CERTIFICATE", "X509 CRL")}, `ca has a block of the type "X509 CRL"`},
		"damaged":        {&posthastev1.Tls{Ca: block("CERTIFICATE", []byte("x"))}, "ca cannot be read: certificate 1 is damaged"},
		"too many":       {&posthastev1.Tls{Ca: strings.Repeat(root.Certificate, maxCertificates+1)}, "ca must have at most 32"},
		"bad key":        {&posthastev1.Tls{ClientCertificate: leaf.Certificate, ClientKey: block("PRIVATE KEY", []byte("x"))}, "clientKey must be a private key in PEM"},
		"no key at all":  {&posthastev1.Tls{ClientCertificate: leaf.Certificate, ClientKey: secret}, "clientKey must be a private key in PEM"},
		"encrypted":      {&posthastev1.Tls{ClientCertificate: leaf.Certificate, ClientKey: block("ENCRYPTED PRIVATE KEY", []byte("x"))}, "clientKey is encrypted"},
	} {
		_, faults := Read(test.pb)
		got := said(faults)
		if test.want == "" && got != "" || !strings.HasPrefix(got, test.want) || strings.Contains(got, secret) {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
		if _, err := Parse(test.pb); (err == nil) != (test.want == "") || err != nil && !strings.HasPrefix(err.Error(), "tls.") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func block(kind string, data []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: data}))
}

func TestExpired(t *testing.T) {
	t.Parallel()
	root := certtest.Authority(t, "root")
	old := root.Sign(t, "old", func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Hour) })
	early := root.Sign(t, "early", func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Hour) })
	for name, test := range map[string]struct {
		pb   *posthastev1.Tls
		want string
	}{
		"old client":   {&posthastev1.Tls{ClientCertificate: old.Certificate, ClientKey: old.Key}, "clientCertificate expired at "},
		"early client": {&posthastev1.Tls{ClientCertificate: early.Certificate, ClientKey: early.Key}, "clientCertificate is not valid before "},
		"old ca":       {&posthastev1.Tls{Ca: old.Certificate}, "ca expired at "},
		"one old ca":   {&posthastev1.Tls{Ca: old.Certificate + root.Certificate}, ""},
	} {
		id, err := Parse(test.pb)
		if err != nil {
			t.Fatal(err)
		}
		if got := said(id.Expired(time.Now())); !strings.HasPrefix(got, test.want) || test.want == "" && got != "" {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

func TestLargeKey(t *testing.T) {
	t.Parallel()
	key := &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), maxRSA), E: 65537}
	if !tooLarge(&x509.Certificate{PublicKey: key}) {
		t.Errorf("a key of %d bits is taken", key.N.BitLen())
	}
	small, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	if tooLarge(&x509.Certificate{PublicKey: small.Public()}) {
		t.Error("a key of 2048 bits is too large")
	}
}

func TestCertificates(t *testing.T) {
	t.Parallel()
	root := certtest.Authority(t, "root")
	chain, ca := Certificates(&posthastev1.Tls{ClientCertificate: "damaged", Ca: root.Certificate})
	if len(chain) != 0 || len(ca) != 1 || ca[0].Subject.CommonName != "root" || len(Fingerprint(ca[0])) != 64 {
		t.Errorf("%v, %v", chain, ca)
	}
}
