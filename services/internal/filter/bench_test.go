package filter

import (
	"strings"
	"testing"
)

// BenchmarkMatch reads an event of 1 KiB and asks one pattern of it.
func BenchmarkMatch(b *testing.B) {
	event := []byte(`{"taskId":"t1","pad":"` + strings.Repeat("x", 900) + `","order":{"customer":"c77","total":99.5,"items":[{"sku":"a"},{"sku":"b"}]}}`)
	for name, pattern := range map[string]string{
		"member": `{"taskId":["t1"]}`, "nested": `{"order":{"customer":["c77"]}}`, "numeric": `{"order":{"total":[{"numeric":[">",10,"<",100]}]}}`,
		"array": `{"order":{"items":{"sku":["b"]}}}`, "wildcard": `{"pad":[{"wildcard":"*x*x*"}]}`,
	} {
		p := compiled(b, pattern)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if !p.Match(NewData(event)) {
					b.Fatal("no match")
				}
			}
		})
	}
}

// BenchmarkCompile is what loading a subscription costs.
func BenchmarkCompile(b *testing.B) {
	pattern := []byte(`{"order":{"customer":["c77"],"total":[{"numeric":[">",10,"<",100]}]}}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Compile(pattern, Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}
