// Package report shows what came of runs: as text while they go, and as
// Markdown for docs/reliability.md.
package report

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/posthaste/posthaste/services/cmd/chaos/internal/ledger"
	"github.com/posthaste/posthaste/services/cmd/chaos/internal/run"
)

// shown is how many findings of a run are told.
const shown = 10

// Run tells of one run: its faults, its figures, and what was found.
func Run(out io.Writer, r *run.Result) {
	windows := slices.SortedFunc(slices.Values(r.Windows), func(a, b ledger.Window) int { return a.From.Compare(b.From) })
	for _, w := range windows {
		fmt.Fprintf(out, "  %s (%s, at %s)\n", w.Fault, w.Where, w.From.UTC().Format("15:04:05.000"))
	}
	Table(out, []*run.Result{r})
	for name, n := range r.Fell {
		fmt.Fprintf(out, "  %s ended by itself %d times\n", name, n)
	}
	if r.Shares != nil {
		fmt.Fprintf(out, "  %s\n", shares(r))
	}
	for _, broken := range r.Broken {
		fmt.Fprintf(out, "  BROKEN: %s\n", broken)
	}
	found := r.Findings()
	for i, f := range found {
		if i == shown {
			fmt.Fprintf(out, "    and %d more\n", len(found)-shown)
			break
		}
		fmt.Fprintf(out, "    %s\n", f)
	}
}

// shares tells how the dispatchers shared the work.
func shares(r *run.Result) string {
	each := make([]string, len(r.Shares))
	for i, share := range r.Shares {
		each[i] = fmt.Sprintf("%.1f", 100*share)
	}
	return fmt.Sprintf("shares of %d dispatchers, in percent: %s", len(each), strings.Join(each, ", "))
}

var head = []string{
	"run", "faults", "events", "deliveries", "delivered", "failed, as told", "lost", "twice", "twice, in flight", "early", "late p50, p99, max", "settled after",
}

func row(r *run.Result) []string {
	late := slices.Sorted(slices.Values(r.Late))
	n := strconv.Itoa
	return []string{
		r.Name, n(len(r.Windows)), n(r.Taken), n(r.Deliveries), n(r.Delivered), n(r.Failed), n(len(r.Lost) + len(r.GivenUp)),
		n(r.Twice - r.InFlight), n(r.InFlight), n(len(r.Early)),
		fmt.Sprintf("%s, %s, %s", short(at(late, 50)), short(at(late, 99)), short(at(late, 100))), short(r.Settled),
	}
}

// total adds runs up.
func total(runs []*run.Result) *run.Result {
	sum := &run.Result{Name: "all", Result: new(ledger.Result)}
	for _, r := range runs {
		sum.Windows = append(sum.Windows, r.Windows...)
		sum.Taken += r.Taken
		sum.Deliveries += r.Deliveries
		sum.Delivered += r.Delivered
		sum.Failed += r.Failed
		sum.Lost = append(sum.Lost, r.Lost...)
		sum.GivenUp = append(sum.GivenUp, r.GivenUp...)
		sum.Twice += r.Twice
		sum.InFlight += r.InFlight
		sum.Early = append(sum.Early, r.Early...)
		sum.Late = append(sum.Late, r.Late...)
		sum.Settled = max(sum.Settled, r.Settled)
	}
	return sum
}

// rows are those of the runs, and of all together where there are several.
func rows(runs []*run.Result) (all [][]string) {
	for _, r := range runs {
		all = append(all, row(r))
	}
	if len(runs) > 1 {
		all = append(all, row(total(runs)))
	}
	return all
}

// Table is the runs as text.
func Table(out io.Writer, runs []*run.Result) {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, line := range append([][]string{head}, rows(runs)...) {
		fmt.Fprintln(t, "  "+strings.Join(line, "\t"))
	}
	_ = t.Flush()
}

// Markdown is the runs as a table, and how often each fault was injected.
func Markdown(out io.Writer, runs []*run.Result) {
	line := func(cells []string) { fmt.Fprintln(out, "| "+strings.Join(cells, " | ")+" |") }
	line(head)
	line(slices.Repeat([]string{"---"}, len(head)))
	for _, cells := range rows(runs) {
		line(cells)
	}
	for _, r := range runs {
		if r.Shares != nil {
			fmt.Fprintf(out, "\n%s: %s.\n", r.Name, shares(r))
		}
	}
	times := make(map[string]int)
	for _, w := range total(runs).Windows {
		times[w.Name()]++
	}
	if len(times) == 0 {
		return
	}
	fmt.Fprintln(out)
	line([]string{"fault", "times"})
	line([]string{"---", "---"})
	names := make([]string, 0, len(times))
	for name := range times {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		line([]string{"`" + name + "`", strconv.Itoa(times[name])})
	}
}

// at is a percentile of what is sorted.
func at(sorted []time.Duration, percent int) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[(len(sorted)-1)*percent/100]
}

func short(d time.Duration) string {
	if d < time.Second {
		return d.Round(time.Millisecond).String()
	}
	return d.Round(100 * time.Millisecond).String()
}
