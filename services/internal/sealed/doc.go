// Package sealed encrypts what is secret before it reaches NATS, and opens it
// where it is needed.
//
// It is envelope encryption: each text has a data key of its own, which is
// encrypted with an encryption key of the installation. Both are AES-256-GCM
// with random nonces, as Go's cryptographic module makes them. A Place is bound
// to what is sealed, so that whoever can write to NATS cannot move the secret of
// one record into another. That an older version of a record is put back is not
// noticed.
//
// The first of the Keys seals and all of them open, so a new key is given to all
// services as one more, then put first, and the old one dropped when Rotate has
// sealed everything anew.
package sealed
