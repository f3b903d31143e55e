package settings

import (
	"errors"
	"math"
	"strconv"
	"strings"
)

// Bytes is a size in bytes, never negative when parsed.
//
// It reads 262144, 512B, 256KiB, 1MiB, 2GiB and 1TiB, and prints with the
// largest unit that divides it exactly, so that printing loses nothing.
type Bytes int64

// Binary sizes, for defaults and comparisons in code.
const (
	KiB Bytes = 1 << 10
	MiB Bytes = 1 << 20
	GiB Bytes = 1 << 30
	TiB Bytes = 1 << 40
)

// errBytes is without the value: a caller names the setting and the value.
var errBytes = errors.New("not a size such as 262144, 256KiB or 1MiB")

// byteUnits has the largest first. "B" ends every other name and comes last.
var byteUnits = []struct {
	name string
	size Bytes
}{{"TiB", TiB}, {"GiB", GiB}, {"MiB", MiB}, {"KiB", KiB}, {"B", 1}}

// ParseBytes reads a size. It refuses signs, spaces, fractions, decimal units
// such as KB, and sizes that don't fit in 63 bits.
func ParseBytes(text string) (Bytes, error) {
	digits, unit := text, Bytes(1)
	for _, u := range byteUnits {
		if rest, ok := strings.CutSuffix(text, u.name); ok {
			digits, unit = rest, u.size
			break
		}
	}
	n, err := strconv.ParseUint(digits, 10, 63)
	if err != nil || n > uint64(math.MaxInt64/unit) {
		return 0, errBytes
	}
	return Bytes(n) * unit, nil
}

// String prints the size with its unit, such as 256KiB or 1000B.
func (b Bytes) String() string {
	for _, u := range byteUnits {
		if b != 0 && b%u.size == 0 {
			return strconv.FormatInt(int64(b/u.size), 10) + u.name
		}
	}
	return "0B"
}

// MarshalText prints the size like String.
func (b Bytes) MarshalText() ([]byte, error) { return []byte(b.String()), nil }

// UnmarshalText reads the size like ParseBytes.
func (b *Bytes) UnmarshalText(text []byte) error {
	parsed, err := ParseBytes(string(text))
	if err != nil {
		return err
	}
	*b = parsed
	return nil
}
