package docstest

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/posthaste/posthaste/services/cli"
	"github.com/posthaste/posthaste/services/internal/settings"
)

const cliPage = "docs/cli.md"

var (
	flagName  = regexp.MustCompile("`(--[a-z][a-z-]*)`")
	verbAlone = regexp.MustCompile("(?m)^\\| \\[`([a-z-]+)[^`]*`\\]")
)

// verbSettings are the settings of the verbs, in the form of the tables of
// docs/configuration.md.
func verbSettings(t *testing.T) string {
	t.Helper()
	tables, err := settings.Markdown(cli.Commands(cli.Terminal{}))
	if err != nil {
		t.Fatal(err)
	}
	return tables
}

// TestVerbs holds the list of verbs on the page to those that there are.
func TestVerbs(t *testing.T) {
	t.Parallel()
	var known []string
	for _, c := range cli.Commands(cli.Terminal{}) {
		known = append(known, c.Name)
	}
	onPage := firsts(verbAlone, read(t, cliPage))
	slices.Sort(known)
	slices.Sort(onPage)
	if !slices.Equal(known, onPage) {
		t.Errorf("%s lists the verbs %v, and there are %v", cliPage, onPage, known)
	}
}

// TestVerbFlags holds the page's table of settings to those that the verbs have.
func TestVerbFlags(t *testing.T) {
	t.Parallel()
	known := firsts(regexp.MustCompile("(?m)^\\| `(--[a-z-]+)`"), verbSettings(t))
	if len(known) < 20 {
		t.Fatalf("the verbs have the flags %v alone", known)
	}
	var onPage []string
	for _, row := range tableRows(section(t, read(t, cliPage), "Settings")) {
		for _, name := range firsts(flagName, row[0]) {
			// NAME-file is a secret's second form.
			if stem, ok := strings.CutSuffix(name, "-file"); !ok || slices.Contains(known, name) || !slices.Contains(known, stem) {
				onPage = append(onPage, name)
			}
		}
	}
	slices.Sort(known)
	slices.Sort(onPage)
	if !slices.Equal(known, onPage) {
		t.Errorf("%s lists the flags\n%v\nand there are\n%v", cliPage, onPage, known)
	}
}
