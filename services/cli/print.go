package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
)

// printer writes answers for people, or for programs.
type printer struct {
	out  io.Writer
	json bool
}

func (t *Terminal) printer(cfg serverConfig) printer { return printer{t.Out, cfg.JSON} }

// value writes v as one line of JSON, or text for people.
func (p printer) value(v any, text string) error {
	if p.json {
		return p.line(v)
	}
	_, err := fmt.Fprintln(p.out, text)
	return err
}

// line writes v as one line of JSON.
func (p printer) line(v any) error {
	enc := json.NewEncoder(p.out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	return nil
}

// column is one of a table.
type column[T any] struct {
	title string
	cell  func(T) string
}

// rows writes a table, or one JSON value a line.
func rows[T any](p printer, all []T, columns ...column[T]) error {
	if p.json {
		for _, item := range all {
			if err := p.line(item); err != nil {
				return err
			}
		}
		return nil
	}
	w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	for i, c := range columns {
		fmt.Fprint(w, c.title, ending(i, len(columns)))
	}
	for _, item := range all {
		for i, c := range columns {
			fmt.Fprint(w, plain(c.cell(item)), ending(i, len(columns)))
		}
	}
	return w.Flush()
}

func ending(i, columns int) string {
	if i == columns-1 {
		return "\n"
	}
	return "\t"
}

// pair is a name and a value of one thing that is shown.
type pair struct{ name, value string }

// pairs writes those that have a value, one a line.
func pairs(out io.Writer, all []pair) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, p := range all {
		if p.value != "" {
			fmt.Fprintf(w, "%s\t%s\n", p.name, plain(p.value))
		}
	}
	return w.Flush()
}

// plain keeps what strangers wrote from steering the terminal.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '·'
		}
		return r
	}, text)
}

// moment is how people read a time; "" for none.
func moment(at *time.Time) string {
	if at == nil || at.IsZero() {
		return ""
	}
	return at.UTC().Format("2006-01-02T15:04:05Z")
}

// status is that of HTTP, or a dash where there was no answer.
func status(code *int) string {
	if code == nil {
		return "-"
	}
	return strconv.Itoa(*code)
}

func millis(ms float64) string { return strconv.FormatFloat(ms, 'f', 1, 64) + " ms" }
