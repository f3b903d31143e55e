package docstest

import (
	"regexp"
	"strings"
	"testing"

	"github.com/posthaste/posthaste/services/internal/filter"
)

var code = regexp.MustCompile("`([^`]+)`")

// TestPatterns holds the table of docs/filters.md to the compiler of patterns.
func TestPatterns(t *testing.T) {
	t.Parallel()
	rows := tableRows(section(t, read(t, "docs/filters.md"), "Operators"))
	if len(rows) < 10 {
		t.Fatalf("the table has %d rows", len(rows))
	}
	for _, row := range rows {
		if len(row) != 4 {
			t.Errorf("%v has %d columns, want 4", row, len(row))
			continue
		}
		pattern, err := filter.Compile([]byte(bare(row[1])), filter.Limits{})
		if err != nil {
			t.Errorf("%s: %v", row[1], err)
			continue
		}
		if !pattern.Match(filter.NewData([]byte(bare(row[2])))) {
			t.Errorf("%s does not match %s", row[1], row[2])
		}
		if pattern.Match(filter.NewData([]byte(bare(row[3])))) {
			t.Errorf("%s matches %s", row[1], row[3])
		}
	}
}

// bare is what stands between the backquotes of a cell.
func bare(cell string) string {
	found := code.FindStringSubmatch(cell)
	if found == nil {
		return ""
	}
	return found[1]
}

// tableRows are the cells of the first table, without those of its head.
func tableRows(text string) [][]string {
	var rows [][]string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") {
			if len(rows) > 0 {
				break
			}
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), " | ")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		rows = append(rows, cells)
	}
	return rows[min(2, len(rows)):]
}
