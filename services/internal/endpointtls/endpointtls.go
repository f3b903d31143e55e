// Package endpointtls reads what a subscription has of TLS for itself: the
// certificate that Posthaste shows to its endpoint, and the authorities that
// the endpoint's own may be of.
package endpointtls

import (
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"time"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
)

// The members of the API that faults are about.
const (
	FieldCertificate = "clientCertificate"
	FieldKey         = "clientKey"
	FieldCA          = "ca"
)

// Fault is what is wrong with a member. It quotes nothing of a key.
type Fault struct{ Field, Problem string }

// Identity is how an endpoint and Posthaste know one another.
type Identity struct {
	// Chain is the client certificate and those of its issuers; empty for none.
	Chain []*x509.Certificate
	// CA are the endpoint's authorities; empty for the system's.
	CA []*x509.Certificate

	pair tls.Certificate
}

// maxRSA is the size of a key, in bits, above which a handshake costs more CPU
// than an endpoint may have of us.
const maxRSA = 8192

// Read reads all three members, and tells all faults.
func Read(pb *posthastev1.Tls) (*Identity, []Fault) {
	id := &Identity{}
	var all faults
	if pb.GetCa() != "" {
		id.CA = all.certificates(FieldCA, pb.GetCa())
	}
	chain, key := pb.GetClientCertificate(), pb.GetClientKey()
	switch {
	case chain == "" && key == "" && pb.GetCa() == "":
		all.add(FieldCertificate, "is required, with clientKey, or ca, or all of them; null for no TLS of its own")
	case chain == "" && key != "":
		all.add(FieldCertificate, "is required with clientKey")
	case chain != "" && key == "":
		all.add(FieldKey, "is required with clientCertificate")
	case chain != "":
		if id.Chain = all.certificates(FieldCertificate, chain); len(id.Chain) > 0 {
			id.pair = all.pair(chain, key, id.Chain[0])
		}
	}
	return id, all
}

// Parse is Read of what was stored. The error names the first fault.
func Parse(pb *posthastev1.Tls) (*Identity, error) {
	id, faults := Read(pb)
	if len(faults) > 0 {
		return nil, fmt.Errorf("tls.%s %s", faults[0].Field, faults[0].Problem)
	}
	return id, nil
}

// Certificates are those that can be shown, as far as they can be read.
func Certificates(pb *posthastev1.Tls) (chain, ca []*x509.Certificate) {
	var unread faults
	return unread.certificates(FieldCertificate, pb.GetClientCertificate()), unread.certificates(FieldCA, pb.GetCa())
}

// Expired are the faults that time makes: certificates that nobody would
// accept now. Of the authorities one that is valid is enough.
func (i *Identity) Expired(now time.Time) []Fault {
	var all faults
	if len(i.Chain) > 0 {
		all.checkTime(FieldCertificate, i.Chain[0], now)
	}
	var old faults
	for _, ca := range i.CA {
		old.checkTime(FieldCA, ca, now)
	}
	if len(i.CA) > 0 && len(old) == len(i.CA) {
		all = append(all, old[0])
	}
	return all
}

// Config is for connections to the endpoint. It verifies its certificate,
// whatever the subscription says.
func (i *Identity) Config() *tls.Config {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if len(i.Chain) > 0 {
		c.Certificates = []tls.Certificate{i.pair}
	}
	if len(i.CA) > 0 {
		c.RootCAs = x509.NewCertPool()
		for _, ca := range i.CA {
			c.RootCAs.AddCert(ca)
		}
	}
	return c
}

// Fingerprint is the SHA-256 of a certificate, in hex.
func Fingerprint(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return hex.EncodeToString(sum[:])
}

// tooLarge holds for a key above maxRSA.
func tooLarge(c *x509.Certificate) bool {
	key, ok := c.PublicKey.(*rsa.PublicKey)
	return ok && key.N.BitLen() > maxRSA
}
