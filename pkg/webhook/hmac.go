package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"sync"
)

const (
	// versionHMAC marks an HMAC-SHA256 signature (spec section "Signature
	// scheme"; Stripe calls it the same).
	versionHMAC = "v1"
	// digestRoom holds 32 bytes in hex, which is longer than base64.
	digestRoom = 2 * sha256.Size
)

// hmacKey computes the HMAC-SHA256 signatures of one secret.
type hmacKey struct {
	encoding Encoding
	states   sync.Pool
}

// hmacState is one computation's memory. Keying an HMAC costs two hash blocks
// and five allocations; a state that is reused has paid them.
type hmacState struct {
	mac  hash.Hash
	head []byte
	sum  [sha256.Size]byte
}

func newHMACKey(key []byte, encoding Encoding) *hmacKey {
	return &hmacKey{encoding, sync.Pool{New: func() any {
		return &hmacState{mac: hmac.New(sha256.New, key)}
	}}}
}

// appendDigest appends the digest as text.
func (k *hmacKey) appendDigest(dst []byte, m message) []byte {
	st := k.states.Get().(*hmacState)
	defer k.put(st)

	st.head = m.appendHead(st.head[:0])
	st.mac.Reset()
	st.mac.Write(st.head) // A hash never fails to write.
	st.mac.Write(m.body)
	sum := st.mac.Sum(st.sum[:0])
	if k.encoding == Base64 {
		return base64.StdEncoding.AppendEncode(dst, sum)
	}
	return hex.AppendEncode(dst, sum)
}

func (k *hmacKey) put(st *hmacState) {
	if cap(st.head) > maxKept {
		st.head = nil
	}
	k.states.Put(st)
}

// verify computes one HMAC, however many signatures a stranger sends.
func (k *hmacKey) verify(s *Scheme, m message, header string) bool {
	var room [digestRoom]byte
	want := k.appendDigest(room[:0], m)
	return s.anySignature(header, func(version, got string) bool {
		return version == versionHMAC && equal(got, want)
	})
}

// equal takes the same time wherever the two first differ. The length is no
// secret.
func equal(got string, want []byte) bool {
	return len(got) == len(want) && subtle.ConstantTimeCompare([]byte(got), want) == 1
}
