// Package certtest makes certificates for tests.
package certtest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"testing"
	"time"
)

// Made is a certificate, as PEM and as it is.
type Made struct {
	Certificate, Key string
	X509             *x509.Certificate
	key              crypto.Signer
}

// Authority makes one that signs others, valid for a day around now.
func Authority(tb testing.TB, name string) *Made {
	tb.Helper()
	return make509(tb, name, nil, func(c *x509.Certificate) {
		c.IsCA, c.BasicConstraintsValid, c.KeyUsage = true, true, x509.KeyUsageCertSign
	})
}

// Sign makes a certificate of name, for servers at 127.0.0.1 and of that name,
// and for clients.
func (m *Made) Sign(tb testing.TB, name string, change ...func(*x509.Certificate)) *Made {
	tb.Helper()
	return make509(tb, name, m, func(c *x509.Certificate) {
		c.DNSNames, c.IPAddresses = []string{name}, []net.IP{net.IPv4(127, 0, 0, 1)}
		c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
		for _, f := range change {
			f(c)
		}
	})
}

// Pool has the certificate alone.
func (m *Made) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(m.X509)
	return pool
}

// make509 makes a certificate by issuer, nil for itself.
func make509(tb testing.TB, name string, issuer *Made, change func(*x509.Certificate)) *Made {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	form := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-12 * time.Hour), NotAfter: time.Now().Add(12 * time.Hour),
	}
	change(form)
	m := &Made{key: key}
	parent, signer := form, crypto.Signer(key)
	if issuer != nil {
		parent, signer = issuer.X509, issuer.key
	}
	raw, err := x509.CreateCertificate(rand.Reader, form, parent, key.Public(), signer)
	if err != nil {
		tb.Fatal(err)
	}
	if m.X509, err = x509.ParseCertificate(raw); err != nil {
		tb.Fatal(err)
	}
	text, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		tb.Fatal(err)
	}
	m.Certificate = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}))
	m.Key = string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: text}))
	return m
}
