package subscriptions

import (
	"crypto/x509"
	"strings"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/control/internal/rest"
	"github.com/posthaste/posthaste/services/internal/endpointtls"
)

// readTLS is nil where there is none. url is the endpoint's, "" where the
// request doesn't name it.
func (r *Resource) readTLS(req *TLSRequest, url string, f *rest.Faults) *posthastev1.Tls {
	if req == nil {
		return nil
	}
	if strings.HasPrefix(strings.ToLower(url), "http://") {
		f.Add("tls", "is for https endpoints; leave it out, or change the url")
	}
	if !r.checkTLSSizes(req, f) {
		return nil
	}
	pb := &posthastev1.Tls{ClientCertificate: req.ClientCertificate, ClientKey: req.ClientKey, Ca: req.CA}
	id, faults := endpointtls.Read(pb)
	if len(faults) == 0 {
		faults = id.Expired(r.now())
	}
	for _, fault := range faults {
		f.Add("tls."+fault.Field, "%s", fault.Problem)
	}
	return pb
}

// checkTLSSizes says whether the members are small enough to be read.
func (r *Resource) checkTLSSizes(req *TLSRequest, f *rest.Faults) bool {
	fits := true
	for _, m := range []struct{ field, text string }{
		{endpointtls.FieldCertificate, req.ClientCertificate}, {endpointtls.FieldKey, req.ClientKey}, {endpointtls.FieldCA, req.CA},
	} {
		if len(m.text) > int(r.cfg.MaxTLSBytes) {
			f.Add("tls."+m.field, "must have at most %d bytes (max-tls-bytes), has %d", int(r.cfg.MaxTLSBytes), len(m.text))
			fits = false
		}
	}
	return fits
}

// showTLS names the certificates and nothing of the key. What cannot be read
// shows as nothing; the records of deliveries say why.
func showTLS(pb *posthastev1.Tls) *EventSubscriptionTLS {
	if pb == nil {
		return nil
	}
	chain, authorities := endpointtls.Certificates(pb)
	v := &EventSubscriptionTLS{}
	if len(chain) > 0 {
		leaf := newCertificate(chain[0])
		v.ClientCertificate = &leaf
	}
	for _, ca := range authorities {
		v.CA = append(v.CA, newCertificate(ca))
	}
	return v
}

func newCertificate(c *x509.Certificate) Certificate {
	return Certificate{Subject: c.Subject.String(), ExpiresAt: c.NotAfter.UTC(), Fingerprint: endpointtls.Fingerprint(c)}
}
