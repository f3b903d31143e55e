package webhook_test

import (
	"bytes"
	"testing"
)

func BenchmarkAppendSignSchemes(b *testing.B) {
	for name, v := range vectors() {
		b.Run(name, func(b *testing.B) {
			signer, room := v.signer(b, "an older one"), make([]byte, 0, 256)
			body, at := bytes.Repeat([]byte("x"), 1024), vectorTime()
			b.ReportAllocs()
			for b.Loop() {
				room = signer.AppendSign(room[:0], "dlv_1", at, body)
			}
		})
	}
}

func BenchmarkVerifySchemes(b *testing.B) {
	for name, v := range vectors() {
		b.Run(name, func(b *testing.B) {
			verifier, h, body := v.verifier(b), v.headers(), []byte(v.body)
			b.ReportAllocs()
			for b.Loop() {
				if err := verifier.Verify(h, body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkParseSchemes(b *testing.B) {
	for name, v := range vectors() {
		b.Run(name, func(b *testing.B) {
			verifier, h, body := v.verifier(b), v.headers(), []byte(v.body)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := verifier.Parse(h, body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
