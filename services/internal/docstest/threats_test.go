package docstest

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestTestsOfSecurity holds docs/security.md to tests that there are, each in the
// package that it is said to be in.
func TestTestsOfSecurity(t *testing.T) {
	t.Parallel()
	there := make(map[string]bool)
	define := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	for _, module := range []string{"pkg", "services"} {
		err := filepath.WalkDir(filepath.Join(root, module), func(path string, _ os.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			for _, found := range define.FindAllSubmatch(text, -1) {
				there[filepath.Base(filepath.Dir(path))+"."+string(found[1])] = true
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	named := firsts(regexp.MustCompile("`([a-z0-9]+\\.(?:Test|Fuzz)\\w+)`"), section(t, read(t, "docs/security.md"), "Threats"))
	if len(named) < 30 {
		t.Errorf("docs/security.md names %d tests", len(named))
	}
	for _, name := range named {
		if !there[name] {
			t.Errorf("docs/security.md names %s, which there is not", name)
		}
	}
}
