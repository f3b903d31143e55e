package kubernetes

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// root is the top of the repository.
const root = "../../.."

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// commands are those that run in pods of their own.
var commands = []string{"ingest", "router", "dispatcher", "control"}

var settingRow = regexp.MustCompile("(?m)^\\| `--[a-z0-9-]+` \\| `(POSTHASTE_[A-Z0-9_]+)` \\|.*\\| ([a-z, ]+) \\|$")

// settings are the commands that each setting is for, by its variable. The page
// is made of the commands themselves, which services/cmd/posthaste holds.
func settings(t *testing.T) map[string][]string {
	t.Helper()
	all := make(map[string][]string)
	for _, row := range settingRow.FindAllStringSubmatch(read(t, "docs/configuration.md"), -1) {
		users := strings.Split(row[2], ", ")
		all[row[1]] = users
		if file := row[1] + "_FILE"; strings.Contains(row[0], file) {
			all[file] = users
		}
	}
	if len(all) < 80 {
		t.Fatalf("docs/configuration.md has %d settings", len(all))
	}
	return all
}

// checkSetting says so where a command does not know a setting.
func checkSetting(t *testing.T, known map[string][]string, where, command, name string) {
	t.Helper()
	users, ok := known[name]
	if !ok {
		t.Errorf("%s: %s is no setting", where, name)
	} else if command != "" && !slices.Contains(users, command) {
		t.Errorf("%s: %s has no setting %s", where, command, name)
	}
}
