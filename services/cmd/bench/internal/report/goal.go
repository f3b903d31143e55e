package report

import "fmt"

// Goal is a figure and what it is to be.
type Goal struct {
	What  string
	Found Figure
	Bound Figure
	// Least says that the bound is the least and not the most.
	Least bool
	// Excused counts as reached although it is not within the bound. Aside
	// says why.
	Excused bool
	// Aside is said behind the figures.
	Aside string
}

// Within says whether the figure keeps to its bound. What could not be
// measured does not.
func (g Goal) Within() bool {
	if g.Least {
		return g.Found.Value >= g.Bound.Value
	}
	return g.Found.Value <= g.Bound.Value
}

// OK says whether the goal is reached.
func (g Goal) OK() bool { return g.Within() || g.Excused }

// String is one line: the goal, what was found, and the verdict.
func (g Goal) String() string {
	side, verdict := "at most", "SHORT"
	if g.Least {
		side = "at least"
	}
	if g.OK() {
		verdict = "ok"
	}
	line := fmt.Sprintf("goal: %s: %s, %s %s", g.What, g.Found, side, g.Bound)
	if g.Aside != "" {
		line += " (" + g.Aside + ")"
	}
	return line + "  " + verdict
}

// Most is a goal that the figure be no more than bound, in the figure's unit.
func Most(what string, found Figure, bound float64) Goal {
	return Goal{What: what, Found: found, Bound: Figure{bound, found.Unit}}
}

// Least is a goal that the figure be no less than bound.
func Least(what string, found Figure, bound float64) Goal {
	return Goal{What: what, Found: found, Bound: Figure{bound, found.Unit}, Least: true}
}

// Ratios are two figures of which one may be at most so many times the other.
type Ratios struct {
	Reference, Found Figure
	Most             float64
	// Alike is how far two figures may lie apart and count as equal: a ratio of
	// small times says more of the machine's noise than of what is measured.
	Alike float64
}

// Goal judges the ratio, and tells both figures and their difference.
func (r Ratios) Goal(what string) Goal {
	apart := Figure{r.Found.Value - r.Reference.Value, r.Found.Unit}
	g := Goal{
		What: what, Found: r.Found.In(r.Reference, Ratio), Bound: Figure{r.Most, Ratio},
		Aside: fmt.Sprintf("%s against %s, %s apart", r.Found, r.Reference, apart),
	}
	if !g.Within() && apart.Value <= r.Alike {
		g.Excused = true
		g.Aside += fmt.Sprintf("; up to %s apart counts as equal", Figure{r.Alike, r.Found.Unit})
	}
	return g
}
