package webhook

import "strconv"

// maxKept bounds the bytes that a pooled state keeps for ids: a stranger's may
// be as long as the server's header limit.
const maxKept = 1 << 10

// message is what one attempt signs.
type message struct {
	content Content
	id      string
	seconds int64
	body    []byte
}

// appendHead appends what is signed before the body.
func (m message) appendHead(dst []byte) []byte {
	if m.content == SignIDTimestampBody {
		dst = append(append(dst, m.id...), '.')
	}
	if m.content != SignBody {
		dst = append(strconv.AppendInt(dst, m.seconds, 10), '.')
	}
	return dst
}
