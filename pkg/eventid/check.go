package eventid

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

// The longest names, in bytes.
const (
	MaxTenant = 64
	MaxType   = 128
	MaxID     = 256
	// MaxSource keeps message ids short: a stream holds those of its whole
	// dedup window in memory.
	MaxSource = 512
)

// ErrName is in every error of the checks. Their texts begin with the name's
// kind (tenant, type, id, source) and say which limit was broken, and where.
var ErrName = errors.New("bad name")

// CheckTenant accepts 1 to MaxTenant bytes of A-Z a-z 0-9 _ and -, which is one
// subject token.
func CheckTenant(tenant string) error {
	if err := checkLength("tenant", tenant, MaxTenant); err != nil {
		return err
	}
	for i := range len(tenant) {
		if !word(tenant[i]) {
			return badByte("tenant", tenant, i, "A-Z a-z 0-9 _ -")
		}
	}
	return nil
}

// CheckType accepts 1 to MaxType bytes in all: tokens of A-Z a-z 0-9 _ : / and
// -, none empty, with dots between them.
func CheckType(typ string) error {
	if err := checkLength("type", typ, MaxType); err != nil {
		return err
	}
	token := 0 // Bytes of the present token so far.
	for i := range len(typ) {
		switch c := typ[i]; {
		case c == '.' && token == 0:
			return emptyToken(i)
		case c == '.':
			token = 0
		case word(c) || c == ':' || c == '/':
			token++
		default:
			return badByte("type", typ, i, "A-Z a-z 0-9 _ : / - and dots between")
		}
	}
	if token == 0 {
		return emptyToken(len(typ))
	}
	return nil
}

// CheckID accepts 1 to MaxID bytes of printable ASCII without spaces.
func CheckID(id string) error {
	if err := checkLength("id", id, MaxID); err != nil {
		return err
	}
	for i := range len(id) {
		if !printable(id[i]) {
			return badByte("id", id, i, "printable ASCII without spaces")
		}
	}
	return nil
}

// CheckSource accepts 0 to MaxSource bytes of UTF-8 without control
// characters. Empty means that the event has no source.
func CheckSource(source string) error {
	if len(source) > MaxSource {
		return tooLong("source", source, MaxSource)
	}
	for i, r := range source {
		if r < ' ' || r == 0x7f || r == utf8.RuneError && badRune(source[i:]) {
			return badByte("source", source, i, "UTF-8 without control characters")
		}
	}
	return nil
}

// badRune tells an invalid byte from a replacement character that was sent.
func badRune(s string) bool {
	_, size := utf8.DecodeRuneInString(s)
	return size == 1
}

func word(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '-'
}

func printable(c byte) bool { return '!' <= c && c <= '~' }

func checkLength(kind, name string, most int) error {
	switch {
	case name == "":
		return fmt.Errorf("%s: %w: empty, want 1 to %d bytes", kind, ErrName, most)
	case len(name) > most:
		return tooLong(kind, name, most)
	}
	return nil
}

func tooLong(kind, name string, most int) error {
	return fmt.Errorf("%s: %w: %d bytes, at most %d allowed", kind, ErrName, len(name), most)
}

func emptyToken(at int) error {
	return fmt.Errorf("type: %w: empty token at byte %d", ErrName, at)
}

// badByte names the whole character, not only the first byte of it. Names may
// be a stranger's, so it quotes no more than that.
func badByte(kind, name string, at int, allowed string) error {
	_, size := utf8.DecodeRuneInString(name[at:])
	return fmt.Errorf("%s: %w: character %q at byte %d, allowed are %s", kind, ErrName, name[at:at+size], at, allowed)
}
