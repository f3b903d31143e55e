package settings

import (
	"math"
	"testing"
)

func TestParseBytes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Bytes{
		"0": 0, "1": 1, "262144": 256 * KiB, "512B": 512, "256KiB": 256 * KiB, "1MiB": MiB, "2GiB": 2 * GiB, "3TiB": 3 * TiB,
		"9223372036854775807": math.MaxInt64, "8388607TiB": 8388607 * TiB, "0007KiB": 7 * KiB,
	} {
		if got, err := ParseBytes(text); err != nil || got != want {
			t.Errorf("%s: %d %v, want %d", text, got, err, want)
		}
	}
	for _, text := range []string{
		"", "B", "KiB", "-1", "+1", "1 KiB", " 1", "1.5MiB", "1KB", "1kib", "1K", "0x10", "1_000", "1KiBB", "1e3", "１",
		"9223372036854775808", "18446744073709551616", "8388608TiB", "9007199254740992KiB", "99999999999999999999GiB",
	} {
		if got, err := ParseBytes(text); err == nil {
			t.Errorf("%q gives %d, expected an error", text, got)
		}
	}
}

func TestBytesString(t *testing.T) {
	t.Parallel()
	for b, want := range map[Bytes]string{
		0: "0B", 1000: "1000B", 1024: "1KiB", 1536: "1536B", 3 * MiB: "3MiB", GiB + KiB: "1048577KiB", 5 * TiB: "5TiB",
	} {
		if got := b.String(); got != want {
			t.Errorf("%d prints %s, want %s", int64(b), got, want)
		}
	}
}

// FuzzParseBytes: what parses is never negative and survives printing.
func FuzzParseBytes(f *testing.F) {
	for _, seed := range []string{"0", "262144", "256KiB", "8388608TiB", "-1", "9223372036854775807B", "1.5MiB"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		b, err := ParseBytes(text)
		if err != nil {
			return
		}
		again, err := ParseBytes(b.String())
		if b < 0 || err != nil || again != b {
			t.Errorf("%q: %d, printed %s, read %d %v", text, int64(b), b, again, err)
		}
	})
}
