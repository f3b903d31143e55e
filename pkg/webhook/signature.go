package webhook

// VerifySignature reports whether header, the value of the scheme's signature
// header, is right for the raw body and the secret's text, which LiteralSecret
// reads. It compares in constant time.
//
// It looks at nothing else. So it is false in schemes that sign what stands in
// other headers, as Standard Webhooks does, and it does not mind an old
// "t=" in FormFields. A Verifier does all of that, and is faster.
func VerifySignature(s Scheme, body []byte, header, secret string) bool {
	key, err := LiteralSecret(secret)
	if err != nil || key.Asymmetric() || s.Validate() != nil {
		return false
	}
	m := message{content: s.Content, body: body}
	if s.timed() {
		// No id and no time is given; only FormFields brings its own.
		if s.Form != FormFields || s.Content == SignIDTimestampBody {
			return false
		}
		if m.seconds, err = s.signedSeconds(claim{signature: header}); err != nil {
			return false
		}
	}
	return newHMACKey(key.hmacKey(s.Key), s.Encoding).verify(&s, m, header)
}
