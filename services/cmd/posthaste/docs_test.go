package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/posthaste/posthaste/services/internal/settings"
)

var update = flag.Bool("update", false, "rewrite docs/configuration.md")

// tablesBegin is what stands in docs/configuration.md before the tables. What
// is above it is written by hand.
const tablesBegin = "<!-- From here on this page is made by: go test ./services/cmd/posthaste -run TestConfigurationPage -update -->\n"

// TestConfigurationPage holds the page to the settings that the commands have.
func TestConfigurationPage(t *testing.T) {
	t.Parallel()
	file := filepath.Join("..", "..", "..", "docs", "configuration.md")
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	byHand, _, found := strings.Cut(string(page), tablesBegin)
	if !found {
		t.Fatalf("%s has no line %q", file, tablesBegin)
	}
	tables, err := settings.Markdown(commands)
	if err != nil {
		t.Fatal(err)
	}
	want := byHand + tablesBegin + "\n" + tables
	if want == string(page) {
		return
	}
	if !*update {
		t.Fatalf("%s is not what the commands say; run: go test ./services/cmd/posthaste -run TestConfigurationPage -update", file)
	}
	if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}
