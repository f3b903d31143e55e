package docstest

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const root = "../../.."

// pages are those that people read, by their paths from the root.
func pages(t *testing.T) map[string]string {
	t.Helper()
	files := []string{"README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"}
	docs, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil || len(docs) == 0 {
		t.Fatalf("no pages in docs: %v", err)
	}
	for _, file := range docs {
		files = append(files, "docs/"+filepath.Base(file))
	}
	all := make(map[string]string, len(files))
	for _, file := range files {
		all[file] = read(t, file)
	}
	return all
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, file))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ +(.+)$`)
	fence   = regexp.MustCompile("(?s)```.*?```")
	// notInAnchor are the characters that GitHub drops from a heading.
	notInAnchor = regexp.MustCompile(`[^\p{L}\p{N}\- _]`)
)

func anchors(page string) []string {
	var all []string
	for _, found := range heading.FindAllStringSubmatch(fence.ReplaceAllString(page, ""), -1) {
		all = append(all, strings.ReplaceAll(notInAnchor.ReplaceAllString(strings.ToLower(found[1]), ""), " ", "-"))
	}
	return all
}

func TestLinks(t *testing.T) {
	t.Parallel()
	for file, page := range pages(t) {
		for _, found := range link.FindAllStringSubmatch(fence.ReplaceAllString(page, ""), -1) {
			target := found[1]
			if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			path, anchor, _ := strings.Cut(target, "#")
			to := filepath.Join(filepath.Dir(file), path)
			if path == "" {
				to = file
			}
			if _, err := os.Stat(filepath.Join(root, to)); err != nil {
				t.Errorf("%s links to %s, which is not there", file, target)
				continue
			}
			if anchor != "" && !slices.Contains(anchors(read(t, to)), anchor) {
				t.Errorf("%s links to %s; %s has no such heading", file, target, to)
			}
		}
	}
}

var (
	makeTarget = regexp.MustCompile("(?m)(?:`|^)make(?: -[a-z]+)? ([a-z][a-z -]*)")
	rule       = regexp.MustCompile(`(?m)^([a-z][a-z-]*):`)
)

func TestMakeTargets(t *testing.T) {
	t.Parallel()
	known := firsts(rule, read(t, "Makefile"))
	for file, page := range pages(t) {
		for _, targets := range firsts(makeTarget, page) {
			for target := range strings.FieldsSeq(targets) {
				if !slices.Contains(known, target) {
					t.Errorf("%s names make %s, which is no target", file, target)
				}
			}
		}
	}
}

// firsts are the first groups of all matches.
func firsts(pattern *regexp.Regexp, text string) []string {
	var all []string
	for _, found := range pattern.FindAllStringSubmatch(text, -1) {
		all = append(all, found[1])
	}
	return all
}

var (
	variable = regexp.MustCompile(`\bPOSTHASTE_[A-Z0-9_]*[A-Z0-9]\b`)
	setting  = regexp.MustCompile("(?m)^\\| `--[a-z0-9-]+` \\| `(POSTHASTE_[A-Z0-9_]+)` \\|.*$")
)

// settingsOf reads the tables of docs/configuration.md, which another test
// holds against the commands.
func settingsOf(configuration string) []string {
	var all []string
	for _, row := range setting.FindAllStringSubmatch(configuration, -1) {
		all = append(all, row[1])
		if strings.Contains(row[0], row[1]+"_FILE") {
			all = append(all, row[1]+"_FILE")
		}
	}
	return all
}

func TestVariables(t *testing.T) {
	t.Parallel()
	known := settingsOf(read(t, "docs/configuration.md") + verbSettings(t))
	if len(known) < 30 {
		t.Fatalf("docs/configuration.md has %d settings", len(known))
	}
	// POSTHASTE_TEST_… steer tests; a wrong name on purpose shows an error.
	exempt := []string{"POSTHASTE_TEST_REDIS_URL", "POSTHASTE_ADR"}
	for file, page := range pages(t) {
		for _, name := range variable.FindAllString(page, -1) {
			if !slices.Contains(known, name) && !slices.Contains(exempt, name) {
				t.Errorf("%s names %s, which is no setting", file, name)
			}
		}
	}
}
