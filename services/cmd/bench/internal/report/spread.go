package report

import (
	"cmp"
	"math"
	"slices"
)

// Spread is how far the runs of a scenario lie apart in one figure.
type Spread struct {
	Row, Column        string
	Least, Median, Top Figure
	// Share is (most - least) / median.
	Share Figure
}

// Spreads are those of all figures that every sheet has. The sheets are of
// the same scenario, so they have the same tables.
func Spreads(sheets []*Sheet) []Spread {
	var all []Spread
	for i, table := range sheets[0].Tables {
		for j, row := range table.Rows {
			for k := range row.Cells {
				if found, ok := figures(sheets, i, j, k); ok {
					all = append(all, spreadOf(row.Name, table.Columns[k+1], found))
				}
			}
		}
	}
	return all
}

// figures are those at one place of all sheets; ok is false where one has none.
func figures(sheets []*Sheet, table, row, cell int) (found []Figure, ok bool) {
	for _, s := range sheets {
		if table >= len(s.Tables) || row >= len(s.Tables[table].Rows) || cell >= len(s.Tables[table].Rows[row].Cells) {
			return nil, false
		}
		f, isFigure := s.Tables[table].Rows[row].Cells[cell].(Figure)
		if !isFigure || math.IsNaN(f.Value) {
			return nil, false
		}
		found = append(found, f)
	}
	return found, true
}

func spreadOf(row, column string, found []Figure) Spread {
	slices.SortFunc(found, func(a, b Figure) int { return cmp.Compare(a.Value, b.Value) })
	least, top := found[0], found[len(found)-1]
	median := found[len(found)/2]
	if len(found)%2 == 0 {
		median.Value = (median.Value + found[len(found)/2-1].Value) / 2
	}
	s := Spread{Row: row, Column: column, Least: least, Median: median, Top: top, Share: Figure{0, Percent}}
	if least.Value != top.Value {
		s.Share.Value = 100 * (top.Value - least.Value) / math.Abs(median.Value)
	}
	return s
}

// SpreadSheet has a row for each figure.
func SpreadSheet(sheets []*Sheet) *Sheet {
	out := &Sheet{}
	table := out.Table("spread of the runs", "figure", "least", "median", "most", "(most-least)/median")
	for _, s := range Spreads(sheets) {
		table.Row(s.Row+", "+s.Column, s.Least, s.Median, s.Top, s.Share)
	}
	return out
}
