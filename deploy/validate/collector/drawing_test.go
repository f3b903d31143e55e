package collector

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// draw shows the spans as a tree: who made each, when it began after the first,
// and how long it took.
func draw(spans []traceSpan) string {
	children := make(map[string][]traceSpan)
	known := make(map[string]bool)
	for _, s := range spans {
		known[s.SpanID().String()] = true
	}
	for _, s := range spans {
		parent := s.ParentSpanID().String()
		if !known[parent] {
			parent = ""
		}
		children[parent] = append(children[parent], s)
	}
	var b strings.Builder
	var walk func(parent, indent string)
	walk = func(parent, indent string) {
		for i, s := range children[parent] {
			branch, below := "├─ ", "│  "
			if i == len(children[parent])-1 {
				branch, below = "└─ ", "   "
			}
			label := indent + branch + s.Name()
			pad := strings.Repeat(" ", max(1, 72-utf8.RuneCountInString(label)))
			began := time.Duration(s.StartTimestamp() - spans[0].StartTimestamp())
			took := time.Duration(s.EndTimestamp() - s.StartTimestamp())
			fmt.Fprintf(&b, "%s%s%-10s %-8s %8.1f ms %8.1f ms\n", label, pad, strings.TrimPrefix(s.service, "posthaste-"),
				strings.ToUpper(s.Kind().String()), ms(began), ms(took))
			walk(s.SpanID().String(), indent+below)
		}
	}
	walk("", "")
	return b.String()
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

const docs = "../../../docs/observability.md"

var (
	drawn = regexp.MustCompile("(?s)(```trace\n)(.*?)(```\n)")
	times = regexp.MustCompile(` +-?[0-9.]+ ms`)
)

// checkDocs holds the drawing in the documentation, but for its times, against a
// trace. With -update it is drawn anew.
func checkDocs(t *testing.T, drawing string) {
	t.Helper()
	text, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	found := drawn.FindSubmatch(text)
	if found == nil {
		t.Fatalf("%s has no block of ```trace", docs)
	}
	if *update {
		text = bytes.Replace(text, found[2], []byte(drawing), 1)
		if err := os.WriteFile(docs, text, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got, want := times.ReplaceAllString(string(found[2]), ""), times.ReplaceAllString(drawing, ""); got != want {
		t.Errorf("%s shows\n%s\nand a trace is\n%s\nDraw it anew with go test -run TestTrace -update.", docs, got, want)
	}
}
