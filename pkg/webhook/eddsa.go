package webhook

import (
	"crypto/ed25519"
	"encoding/base64"
	"sync"
)

const (
	// versionEd25519 marks an ed25519 signature (spec section "Signature
	// scheme").
	versionEd25519 = "v1a"
	// ed25519Len is the length of 64 bytes in base64.
	ed25519Len = (ed25519.SignatureSize + 2) / 3 * 4
	// maxTried bounds the v1a signatures that are looked at, in the order of
	// the header. Each costs as much as a hundred hashes, a header holds
	// thousands, and a rotation needs two.
	maxTried = 8
	// maxMessage bounds the bytes that a pooled message keeps.
	maxMessage = 64 << 10
)

// ed25519Key signs, if it has a private key, and verifies.
type ed25519Key struct {
	private  ed25519.PrivateKey
	public   PublicKey
	messages sync.Pool // *[]byte: ed25519 wants a message in one piece.
}

// with hands use the whole of what is signed.
func (k *ed25519Key) with(m message, use func(signed []byte)) {
	buf, ok := k.messages.Get().(*[]byte)
	if !ok {
		buf = new([]byte)
	}
	*buf = append(m.appendHead((*buf)[:0]), m.body...)
	use(*buf)
	if cap(*buf) <= maxMessage {
		k.messages.Put(buf)
	}
}

// appendDigest appends the signature as text.
func (k *ed25519Key) appendDigest(dst []byte, m message) []byte {
	k.with(m, func(signed []byte) {
		dst = base64.StdEncoding.AppendEncode(dst, ed25519.Sign(k.private, signed))
	})
	return dst
}

func (k *ed25519Key) verify(s *Scheme, m message, header string) (ok bool) {
	k.with(m, func(signed []byte) {
		tried := 0
		ok = s.anySignature(header, func(version, got string) bool {
			if version != versionEd25519 || len(got) != ed25519Len || tried == maxTried {
				return false
			}
			tried++
			return k.matches(signed, got)
		})
	})
	return ok
}

func (k *ed25519Key) matches(signed []byte, signature string) bool {
	sig, err := base64.StdEncoding.DecodeString(signature)
	return err == nil && len(sig) == ed25519.SignatureSize && ed25519.Verify(k.public.bytes[:], signed, sig)
}
