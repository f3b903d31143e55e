package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"strconv"
	"sync"
)

const (
	// versionHMAC marks an HMAC-SHA256 signature (spec section "Signature
	// scheme"). The comma belongs to every signature.
	versionHMAC = "v1,"
	// signatureLen is the length of versionHMAC and 32 bytes in base64.
	signatureLen = len(versionHMAC) + (sha256.Size+2)/3*4
	// maxKept bounds the bytes that a pooled state keeps: a stranger's id may
	// be as long as the server's header limit.
	maxKept = 1 << 10
)

// hmacKey computes the v1 signatures of one secret.
type hmacKey struct{ states sync.Pool }

// hmacState is one computation's memory. Keying an HMAC costs two hash blocks
// and five allocations; a state that is reused has paid them.
type hmacState struct {
	mac  hash.Hash
	head []byte // "<id>.<timestamp>."
	sum  [sha256.Size]byte
}

func newHMACKey(s Secret) *hmacKey {
	key := s.kept().key
	return &hmacKey{sync.Pool{New: func() any {
		return &hmacState{mac: hmac.New(sha256.New, key)}
	}}}
}

func hmacKeys(secrets []Secret) ([]*hmacKey, error) {
	if len(secrets) == 0 {
		return nil, ErrNoSecret
	}
	keys := make([]*hmacKey, len(secrets))
	for i, s := range secrets {
		if s.IsZero() {
			return nil, ErrNoSecret
		}
		keys[i] = newHMACKey(s)
	}
	return keys, nil
}

// appendSignature appends "v1,<base64>" over "<id>.<seconds>.<body>".
func (k *hmacKey) appendSignature(dst []byte, id string, seconds int64, body []byte) []byte {
	st := k.states.Get().(*hmacState)
	defer k.put(st)

	st.head = append(append(st.head[:0], id...), '.')
	st.head = append(strconv.AppendInt(st.head, seconds, 10), '.')
	st.mac.Reset()
	st.mac.Write(st.head) // A hash never fails to write.
	st.mac.Write(body)
	dst = append(dst, versionHMAC...)
	return base64.StdEncoding.AppendEncode(dst, st.mac.Sum(st.sum[:0]))
}

func (k *hmacKey) put(st *hmacState) {
	if cap(st.head) > maxKept {
		st.head = nil
	}
	k.states.Put(st)
}
