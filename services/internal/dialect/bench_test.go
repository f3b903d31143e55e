package dialect

import (
	"bytes"
	"testing"
)

// large is a delivery of a kilobyte.
func large() *Delivery {
	in := testDelivery()
	in.Event.Data = []byte(`{"taskId":"t1","taskVersion":3,"text":"` + string(bytes.Repeat([]byte("1"), 980)) + `"}`)
	return in
}

func BenchmarkAppendBody(b *testing.B) {
	in := large()
	for _, d := range Builtin().All() {
		b.Run(d.Name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = d.AppendBody(nil, in)
			}
		})
	}
}

func BenchmarkHeader(b *testing.B) {
	in := large()
	for _, d := range Builtin().All() {
		s, body := signerOf(b, d, testSecret), d.AppendBody(nil, in)
		b.Run(d.Name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = d.Header(in, testNow, body, s)
			}
		})
	}
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		_ = Builtin()
	}
}
