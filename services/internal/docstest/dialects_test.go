package docstest

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/posthaste/posthaste/services/internal/dialect"
)

const dialectsPage = "docs/dialects.md"

// TestDialectTables holds the tables of schedules to the dialects.
func TestDialectTables(t *testing.T) {
	t.Parallel()
	_, text, found := strings.Cut(section(t, read(t, dialectsPage), "What each does"), "When it fails.")
	if !found {
		t.Fatal("the page has no table of failure")
	}
	var onPage []string
	for _, row := range tableRows(text) {
		name := bare(row[0])
		onPage = append(onPage, name)
		d, ok := dialect.Builtin().Get(name)
		if !ok {
			t.Errorf("there is no dialect %q", name)
			continue
		}
		want := []string{"`" + name + "`", waits(d.Delays), retried(d), gone(d), disables(d)}
		if !slices.Equal(row, want) {
			t.Errorf("the row of %s is\n%q\nand the dialect says\n%q", name, row, want)
		}
	}
	slices.Sort(onPage)
	if known := dialect.Builtin().Names(); !slices.Equal(onPage, known) {
		t.Errorf("the table has %v, and there are %v", onPage, known)
	}
}

func waits(delays []time.Duration) string {
	all := make([]string, len(delays))
	for i, d := range delays {
		all[i] = strconv.Itoa(int(d.Seconds())) + "s"
	}
	return strings.Join(all, ", ")
}

func retried(d *dialect.Dialect) string {
	if d.RetryOn == dialect.RetryServerErrors {
		return "5xx and no answer"
	}
	return "any failure"
}

func gone(d *dialect.Dialect) string {
	if d.Gone == dialect.GoneDisable {
		return "disables"
	}
	return "as any failure"
}

func disables(d *dialect.Dialect) string {
	if d.DisableAfter == 0 {
		return "never"
	}
	return strconv.Itoa(d.DisableAfter)
}

// TestDialectsFile loads the file that the page shows.
func TestDialectsFile(t *testing.T) {
	t.Parallel()
	text := section(t, read(t, dialectsPage), "Dialects of your own")
	block := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindStringSubmatch(text)
	if block == nil {
		t.Fatal("the page shows no file")
	}
	file := filepath.Join(t.TempDir(), "dialects.yaml")
	if err := os.WriteFile(file, []byte(block[1]), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := dialect.Config{DialectsFile: file, DefaultDialect: dialect.Standard}
	set, err := cfg.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"partner", "partner-eu"} {
		if _, ok := set.Get(name); !ok {
			t.Errorf("the file has no dialect %s", name)
		}
	}
}

// requirements are the lines that the page has to name.
var requirements = []struct {
	letter string
	last   int
}{{"N", 6}, {"C", 16}, {"A", 4}}

// TestLines holds the table of lines and tests to the tests that there are.
func TestLines(t *testing.T) {
	t.Parallel()
	page := read(t, dialectsPage)
	rows := tableRows(section(t, page, "Line by line"))
	known := testsThere(t)
	var lines []string
	for _, row := range rows {
		lines = append(lines, row[0])
		names := firsts(code, row[len(row)-1])
		if len(names) == 0 {
			t.Errorf("line %s names no test", row[0])
		}
		for _, name := range names {
			if !slices.Contains(known, name) {
				t.Errorf("line %s names the test %s, which is not there", row[0], name)
			}
		}
	}
	for _, name := range known {
		if strings.HasPrefix(name, "TestAgentRailContract") && !strings.Contains(page, "`"+name+"`") {
			t.Errorf("no line names the test %s", name)
		}
	}
	for _, r := range requirements {
		for n := 1; n <= r.last; n++ {
			if line := r.letter + strconv.Itoa(n); !slices.Contains(lines, line) {
				t.Errorf("the table has no line %s", line)
			}
		}
	}
}

var testFunction = regexp.MustCompile(`(?m)^func (Test\w+)\(t \*testing\.T\)`)

// testsThere are the tests of the end-to-end suite and of what receivers use.
func testsThere(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, dir := range []string{"services/e2e", "services/cli", "pkg/webhook", "pkg/examples/receivers"} {
		files, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(dir), "*_test.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no tests in %s: %v", dir, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, firsts(testFunction, string(text))...)
		}
	}
	return all
}
