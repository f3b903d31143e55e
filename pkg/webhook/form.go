package webhook

import (
	"strconv"
	"strings"
)

// fieldTime names the time in FormFields.
const fieldTime = "t"

// appendList appends "<version>,<digest>" for each key, with spaces between.
func (s *Signer) appendList(dst []byte, m message) []byte {
	for i := range s.keys {
		if i > 0 {
			dst = append(dst, ' ')
		}
		dst = append(append(dst, s.keys[i].version()...), ',')
		dst = s.keys[i].appendDigest(dst, m)
	}
	return dst
}

// appendFields appends "t=<seconds>" and ",<version>=<digest>" for each key.
func (s *Signer) appendFields(dst []byte, m message) []byte {
	dst = strconv.AppendInt(append(dst, fieldTime+"="...), m.seconds, 10)
	for i := range s.keys {
		dst = append(append(dst, ','), s.keys[i].version()...)
		dst = s.keys[i].appendDigest(append(dst, '='), m)
	}
	return dst
}

// anySignature reports whether one of the signatures in the header's value is
// right. What is of another form is left out.
func (s *Scheme) anySignature(header string, right func(version, digest string) bool) bool {
	switch s.Form {
	case FormList:
		return anyPair(header, " ", ",", right)
	case FormFields:
		return anyPair(header, ",", "=", right)
	case FormSingle:
	}
	digest, ok := strings.CutPrefix(header, s.Prefix)
	return ok && right(versionHMAC, digest)
}

func anyPair(header, between, within string, right func(name, value string) bool) bool {
	for pair := range strings.SplitSeq(header, between) {
		if name, value, ok := strings.Cut(pair, within); ok && right(name, value) {
			return true
		}
	}
	return false
}

// onlyTime returns "" if there are two: another reader might take the other.
func onlyTime(fields string) (text string) {
	found := 0
	anyPair(fields, ",", "=", func(name, value string) bool {
		if name == fieldTime {
			text = value
			found++
		}
		return found > 1
	})
	if found != 1 {
		return ""
	}
	return text
}

// parseSeconds takes digits only, in their one canonical form, so that the
// number can be signed in place of the text.
func parseSeconds(s string) (int64, bool) {
	seconds, err := strconv.ParseInt(s, 10, 64)
	if err != nil || s[0] < '0' || s[0] > '9' || s[0] == '0' && len(s) > 1 {
		return 0, false
	}
	return seconds, true
}
