package settings

import (
	"strings"
	"testing"
)

// FuzzParseFile: no file breaks the reader, and a problem names the file.
func FuzzParseFile(f *testing.F) {
	for _, seed := range []string{"addr: x\n", "tags: [a, b]\n", "a: {b: c}\n", "- x\n", "\"addr\": |\n  x\n", "---\naddr: x\n---\n", ": x", "? a"} {
		f.Add(seed)
	}
	t, err := newTable(commandsFor(&result{}, nil))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(test *testing.T, text string) {
		said, err := t.parseFile("file f", []byte(text))
		if err != nil && !strings.HasPrefix(err.Error(), "file f") {
			test.Errorf("%q: %v", text, err)
		}
		for name := range said {
			if t.owners[name] == nil {
				test.Errorf("%q: setting %q that nobody has", text, name)
			}
		}
	})
}
