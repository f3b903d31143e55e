// Package report holds what a scenario finds: figures in tables, goals that
// they are held against, and how far several runs lie apart.
package report

import (
	"fmt"
	"math"
	"time"
)

// Unit says what a figure counts, and so how it is printed.
type Unit int

// The units.
const (
	Count   Unit = iota // whole things
	Seconds             // printed as a duration
	Rate                // things a second
	Bytes               // printed in MiB
	Ratio               // one figure in terms of another
	Percent             // of 100
	Millis              // milliseconds of CPU, with their fractions
)

// Figure is a number that was measured. NaN is one that could not be.
type Figure struct {
	Value float64
	Unit  Unit
}

// None is the figure of what did not happen.
func None(unit Unit) Figure { return Figure{math.NaN(), unit} }

// Num is a count.
func Num[N int | int64 | float64](n N) Figure { return Figure{float64(n), Count} }

// Took is a duration.
func Took(d time.Duration) Figure { return Figure{d.Seconds(), Seconds} }

// Per is how many a second n in that time are.
func Per(n int, took time.Duration) Figure {
	if took <= 0 {
		return None(Rate)
	}
	return Figure{float64(n) / took.Seconds(), Rate}
}

// Size is a number of bytes.
func Size(bytes int64) Figure { return Figure{float64(bytes), Bytes} }

// In is f in terms of other.
func (f Figure) In(other Figure, unit Unit) Figure {
	value := f.Value / other.Value
	if unit == Percent {
		value *= 100
	}
	return Figure{value, unit}
}

// String prints the figure with its unit; "none" where there is none.
func (f Figure) String() string {
	if math.IsNaN(f.Value) || math.IsInf(f.Value, 0) {
		return "none"
	}
	switch f.Unit {
	case Seconds:
		return short(time.Duration(f.Value * float64(time.Second)))
	case Rate:
		return fmt.Sprintf("%.0f/s", f.Value)
	case Bytes:
		return fmt.Sprintf("%.0f MiB", f.Value/(1<<20))
	case Ratio:
		return fmt.Sprintf("%.2f x", f.Value)
	case Percent:
		return fmt.Sprintf("%.0f%%", f.Value)
	case Millis:
		return fmt.Sprintf("%.3f ms", f.Value)
	default:
		return number(f.Value)
	}
}

func number(v float64) string {
	if v == math.Trunc(v) {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

// short keeps about three digits.
func short(d time.Duration) string {
	switch {
	case d.Abs() < 10*time.Millisecond:
		return d.Round(10 * time.Microsecond).String()
	case d.Abs() < time.Second:
		return d.Round(100 * time.Microsecond).String()
	default:
		return d.Round(10 * time.Millisecond).String()
	}
}

// Text is a cell that is no figure.
type Text string

// String is the text.
func (t Text) String() string { return string(t) }
