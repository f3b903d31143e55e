package report

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Sheet is what one run of a scenario found. One goroutine writes it.
type Sheet struct {
	Tables []*Table
	Goals  []Goal
	notes  []string
}

// Table has a row for each thing that was measured.
type Table struct {
	Title   string
	Columns []string // the first is of the rows' names
	Rows    []Row
	// Tall prints the rows as columns: for few rows with many cells.
	Tall bool
}

// Row is one thing that was measured: a cell for each column but the first.
type Row struct {
	Name  string
	Cells []fmt.Stringer
}

// Table adds a table. title may be empty.
func (s *Sheet) Table(title string, columns ...string) *Table {
	t := &Table{Title: title, Columns: columns}
	s.Tables = append(s.Tables, t)
	return t
}

// Row adds a row.
func (t *Table) Row(name string, cells ...fmt.Stringer) {
	t.Rows = append(t.Rows, Row{name, cells})
}

// Goal adds a goal.
func (s *Sheet) Goal(g Goal) { s.Goals = append(s.Goals, g) }

// Note adds a line that stands between tables and goals.
func (s *Sheet) Note(format string, args ...any) {
	s.notes = append(s.notes, fmt.Sprintf(format, args...))
}

// Short is how many goals were missed.
func (s *Sheet) Short() (n int) {
	for _, g := range s.Goals {
		if !g.OK() {
			n++
		}
	}
	return n
}

// Write prints tables, notes and goals.
func (s *Sheet) Write(w io.Writer) error {
	var text strings.Builder
	for _, t := range s.Tables {
		t.write(&text)
	}
	for _, note := range s.notes {
		fmt.Fprintf(&text, "  %s\n", note)
	}
	for _, g := range s.Goals {
		fmt.Fprintf(&text, "  %s\n", g)
	}
	_, err := io.WriteString(w, text.String())
	return err
}

func (t *Table) write(text *strings.Builder) {
	if t.Title != "" {
		fmt.Fprintf(text, "  %s\n", t.Title)
	}
	lines := t.lines()
	widths := make([]int, len(lines[0]))
	for _, cells := range lines {
		for i, cell := range cells {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, cells := range lines {
		fmt.Fprintf(text, "  %-*s", widths[0], cells[0])
		for i, cell := range cells[1:] {
			fmt.Fprintf(text, "  %*s", widths[i+1], cell)
		}
		text.WriteByte('\n')
	}
	text.WriteByte('\n')
}

// lines are the texts of all cells as they are printed.
func (t *Table) lines() [][]string {
	lines := [][]string{t.Columns}
	for _, row := range t.Rows {
		cells := []string{row.Name}
		for _, c := range row.Cells {
			cells = append(cells, c.String())
		}
		lines = append(lines, cells)
	}
	if !t.Tall {
		return lines
	}
	turned := make([][]string, len(t.Columns))
	for i := range turned {
		for _, cells := range lines {
			turned[i] = append(turned[i], cells[i])
		}
	}
	return turned
}
