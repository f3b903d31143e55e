package history

import (
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// ErrCursor is a cursor that no list gave.
var ErrCursor = errors.New("unknown cursor")

// cursor is a place in a list: that of the last delivery that was given.
type cursor struct {
	createdAt time.Time
	id        string
}

func (c cursor) String() string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(micros(c.createdAt), 36) + ":" + c.id))
}

func parseCursor(text string) (cursor, error) {
	if len(text) > 2*maxName {
		return cursor{}, ErrCursor
	}
	plain, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return cursor{}, ErrCursor
	}
	at, id, found := strings.Cut(string(plain), ":")
	n, err := strconv.ParseInt(at, 36, 64)
	c := cursor{moment(n), id}
	if !found || err != nil || id == "" || !utf8.ValidString(id) || strings.ContainsRune(id, 0) || c.String() != text {
		return cursor{}, ErrCursor // a database refuses what is no text
	}
	return c, nil
}
