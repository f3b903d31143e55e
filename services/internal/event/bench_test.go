package event

import (
	"bytes"
	"strings"
	"testing"
)

// kib is an event of 1 KiB.
func kib() []byte {
	const head = `{"type":"task.claimed","data":{"taskId":"t-1","state":"claimed","text":"`
	return []byte(head + strings.Repeat("x", 1024-len(head)-3) + `"}}`)
}

func BenchmarkReadJSON(b *testing.B) {
	limits := Limits{EventBytes: 256 << 10, BatchEvents: 1000}
	array := append(append([]byte("["), bytes.Join(repeat(kib(), 100), []byte(","))...), ']')
	for name, body := range map[string][]byte{"single": kib(), "array100": array} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := ReadJSON(body, limits); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func repeat(part []byte, n int) [][]byte {
	all := make([][]byte, n)
	for i := range all {
		all[i] = part
	}
	return all
}
