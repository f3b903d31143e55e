package docstest

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	checkInCode = regexp.MustCompile(`(?:r\.add\(|p\.clock\(r, |Check: )"([a-z-]+)"`)
	checkName   = regexp.MustCompile("`([a-z-]+)`")
)

// TestPreflightChecks holds the table of checks to those that there are.
func TestPreflightChecks(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(root, "services", "internal", "preflight", "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var inCode []string
	for _, file := range append(files, filepath.Join(root, "services", "cmd", "posthaste", "doctor.go")) {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		inCode = append(inCode, firsts(checkInCode, string(text))...)
	}
	var onPage []string
	for _, row := range tableRows(section(t, read(t, "docs/operations.md"), "Preflight")) {
		onPage = append(onPage, firsts(checkName, row[0])...)
	}
	slices.Sort(inCode)
	slices.Sort(onPage)
	if inCode = slices.Compact(inCode); len(inCode) < 10 || !slices.Equal(inCode, onPage) {
		t.Errorf("docs/operations.md has the checks\n%v\nand the code\n%v", onPage, inCode)
	}
}
