// Package tlsfiles reads the certificates and keys that connections to NATS and
// Redis are made with.
package tlsfiles

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
)

// Files are the settings <Prefix>-ca, -cert and -key, each empty where it is not
// set.
type Files struct {
	Prefix string // in errors
	// CA holds the certificates that a server's is checked against, in PEM;
	// empty for the system's.
	CA string
	// Cert and Key are what the server is shown, in PEM.
	Cert, Key string
}

// Pair holds where certificate and key are both set, or neither.
func (f Files) Pair() error {
	switch {
	case f.Cert != "" && f.Key == "":
		return fmt.Errorf("%s-key: is required with %s-cert", f.Prefix, f.Prefix)
	case f.Cert == "" && f.Key != "":
		return fmt.Errorf("%s-cert: is required with %s-key", f.Prefix, f.Prefix)
	}
	return nil
}

// Set says whether any of the files is named.
func (f Files) Set() bool { return f.CA != "" || f.Cert != "" || f.Key != "" }

// Check reads the files for their errors alone.
func (f Files) Check() error {
	_, err := f.Config()
	return err
}

// Config is for a client. The certificate is read anew for each connection, so
// that a renewed one is used without a restart.
func (f Files) Config() (*tls.Config, error) {
	if err := f.Pair(); err != nil {
		return nil, err
	}
	cfg := &tls.Config{MinVersion: tls.VersionTLS12}
	if f.CA != "" {
		pem, err := os.ReadFile(f.CA)
		if err != nil {
			return nil, fmt.Errorf("%s-ca: %w", f.Prefix, err)
		}
		cfg.RootCAs = x509.NewCertPool()
		if !cfg.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s-ca: %s holds no PEM certificate", f.Prefix, f.CA)
		}
	}
	if f.Cert == "" {
		return cfg, nil
	}
	if _, err := f.certificate(); err != nil {
		return nil, err
	}
	cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return f.certificate() }
	return cfg, nil
}

func (f Files) certificate() (*tls.Certificate, error) {
	pair, err := tls.LoadX509KeyPair(f.Cert, f.Key)
	if err != nil {
		return nil, fmt.Errorf("%s-cert and %s-key: %w", f.Prefix, f.Prefix, err)
	}
	return &pair, nil
}
