package endpointtls

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"
	"time"
)

type faults []Fault

func (f *faults) add(field, problem string, args ...any) {
	*f = append(*f, Fault{field, fmt.Sprintf(problem, args...)})
}

// maxCertificates is how many a member may have.
const maxCertificates = 32

// certificates reads all that a text has, in its order. Text before the first,
// which openssl writes, does no harm.
func (f *faults) certificates(field, text string) []*x509.Certificate {
	var all []*x509.Certificate
	for rest := []byte(text); ; {
		block, after := pem.Decode(rest)
		switch {
		case block == nil && len(all) == 0:
			f.add(field, "must be certificates in PEM, from -----BEGIN CERTIFICATE----- on")
			return nil
		case block == nil && strings.TrimSpace(string(rest)) != "":
			f.add(field, "has what is no PEM after certificate %d", len(all))
			return nil
		case block == nil:
			return all
		case strings.HasSuffix(block.Type, "PRIVATE KEY"):
			f.add(field, "has a private key in it, which belongs in clientKey alone")
			return nil
		case block.Type != "CERTIFICATE":
			f.add(field, "has a block of the type %.32q; only CERTIFICATE is expected", block.Type)
			return nil
		case len(all) == maxCertificates:
			f.add(field, "must have at most %d certificates", maxCertificates)
			return nil
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			f.add(field, "cannot be read: certificate %d is damaged", len(all)+1)
			return nil
		}
		all, rest = append(all, c), after
	}
}

// pair joins the certificate and its key.
func (f *faults) pair(chain, key string, leaf *x509.Certificate) tls.Certificate {
	if tooLarge(leaf) {
		f.add(FieldCertificate, "must have an RSA key of at most %d bits", maxRSA)
		return tls.Certificate{}
	}
	pair, err := tls.X509KeyPair([]byte(chain), []byte(key))
	switch {
	case err == nil:
		return pair
	case strings.Contains(key, "ENCRYPTED"):
		f.add(FieldKey, "is encrypted; give it without a passphrase")
	case strings.Contains(err.Error(), "match"):
		f.add(FieldKey, "is not the key of the first certificate in clientCertificate")
	default:
		f.add(FieldKey, "must be a private key in PEM (RSA, ECDSA or Ed25519), from -----BEGIN PRIVATE KEY----- on")
	}
	return tls.Certificate{}
}

func (f *faults) checkTime(field string, c *x509.Certificate, now time.Time) {
	switch {
	case now.After(c.NotAfter):
		f.add(field, "expired at %s", c.NotAfter.UTC().Format(time.RFC3339))
	case now.Before(c.NotBefore):
		f.add(field, "is not valid before %s", c.NotBefore.UTC().Format(time.RFC3339))
	}
}
