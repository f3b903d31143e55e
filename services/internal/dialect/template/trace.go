package template

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

const (
	traceIDChars = 32
	// traceParentLen is that of version 00 of W3C Trace Context, section 3.2;
	// later ones begin alike and may go on.
	traceParentLen = 55
)

// appendTraceID gives the trace's id in hex. Without a trace it is derived of
// the event's names, so that it is always there and always the same.
func (in *Delivery) appendTraceID(dst []byte) []byte {
	if id := traceIDOf(in.TraceParent); id != "" {
		return append(dst, id...)
	}
	var room [1024]byte
	e := in.Event
	b := append(append(room[:0], e.GetTenant()...), 0)
	b = append(append(b, e.GetSource()...), 0)
	b = append(b, e.GetId()...)
	sum := sha256.Sum256(b)
	return hex.AppendEncode(dst, sum[:traceIDChars/2])
}

// traceIDOf returns "" where the header is not valid: W3C says to go on as if
// it were not there.
func traceIDOf(parent string) string {
	if len(parent) < traceParentLen || parent[2] != '-' || parent[35] != '-' || parent[52] != '-' {
		return ""
	}
	version, id := parent[:2], parent[3:3+traceIDChars]
	switch {
	case !isLowerHex(version), version == "ff", version == "00" && len(parent) != traceParentLen:
		return ""
	case !isLowerHex(id), strings.Trim(id, "0") == "":
		return ""
	}
	return id
}

func isLowerHex(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
