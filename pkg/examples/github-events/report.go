package main

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
	"time"
)

// row sums up the payloads of one of GitHub's events.
type row struct{ sent, same, lost, changed, twice, bytes int }

func (r *row) add(other row) {
	r.sent += other.sent
	r.same += other.same
	r.lost += other.lost
	r.changed += other.changed
	r.twice += other.twice
	r.bytes += other.bytes
}

// judge compares one payload with what arrived of it.
func judge(p payload, got arrival) row {
	r := row{sent: 1, bytes: len(p.Data)}
	switch {
	case got.times == 0:
		r.lost = 1
	case got.eventType != p.EventType || !bytes.Equal(got.data, p.Data):
		r.changed = 1
	default:
		r.same = 1
	}
	if got.times > 1 {
		r.twice = 1
	}
	return r
}

// report prints the table. The error says what was lost or changed.
func report(out io.Writer, payloads []payload, arrivals map[string]arrival, took time.Duration) error {
	rows, types := make(map[string]*row), make(map[string]bool)
	var total row
	for _, p := range payloads {
		if rows[p.Name] == nil {
			rows[p.Name] = &row{}
		}
		r := judge(p, arrivals[p.ID])
		rows[p.Name].add(r)
		total.add(r)
		types[p.EventType] = true
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "event\tpayloads\tbytes\tsame\tlost\tchanged\ttwice\t")
	for _, name := range slices.Sorted(maps.Keys(rows)) {
		line(w, name, *rows[name])
	}
	line(w, "all", total)
	if err := w.Flush(); err != nil {
		return fmt.Errorf("print table: %w", err)
	}
	fmt.Fprintf(out, "\n%d payloads of %d GitHub events (%d types with their actions) in %s.\n",
		total.sent, len(rows), len(types), took.Round(time.Millisecond))
	if total.lost+total.changed > 0 {
		return fmt.Errorf("%d of %d payloads were lost and %d changed", total.lost, total.sent, total.changed)
	}
	return nil
}

func line(w io.Writer, name string, r row) {
	fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t\n", name, r.sent, r.bytes, r.same, r.lost, r.changed, r.twice)
}
