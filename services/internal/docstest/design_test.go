package docstest

import (
	"regexp"
	"slices"
	"testing"
)

// TestStreamsOfDesign holds the tables of docs/design.md to the names that the
// code has.
func TestStreamsOfDesign(t *testing.T) {
	t.Parallel()
	names := read(t, "services/internal/bus/names.go")
	text := section(t, read(t, "docs/design.md"), "Streams")
	for prefix, inTable := range map[string]string{
		"Stream": "(?m)^\\| ([A-Z]+) \\|", "Bucket": "(?m)^\\| `([a-z-]+)` \\| `<", "Consumer": "(?m)^\\| `([a-z]+)`[^|]*\\| [A-Z]",
	} {
		known := firsts(regexp.MustCompile(`(?m)^\t`+prefix+`\w+ += "([\w-]+)"`), names)
		onPage := firsts(regexp.MustCompile(inTable), text)
		if len(known) == 0 {
			t.Errorf("the code has no %s", prefix)
		}
		for _, name := range known {
			if !slices.Contains(onPage, name) {
				t.Errorf("docs/design.md does not list the %s %s; it has %v", prefix, name, onPage)
			}
		}
	}
}
