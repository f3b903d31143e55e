package report

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestQuantiles(t *testing.T) {
	t.Parallel()
	hundred := make([]time.Duration, 100)
	for i := range hundred {
		hundred[len(hundred)-1-i] = time.Duration(i+1) * time.Millisecond
	}
	times := Sorted(hundred)
	for q, want := range map[float64]float64{0: 0.001, 0.5: 0.050, 0.501: 0.051, 0.99: 0.099, 0.999: 0.100, 1: 0.100} {
		if got := times.Quantile(q).Value; math.Abs(got-want) > 1e-9 {
			t.Errorf("quantile %g is %g s, want %g s", q, got, want)
		}
	}
	one := Sorted([]time.Duration{7})
	if one.Quantile(0.5) != one.Max() || one.Quantile(0) != one.Max() {
		t.Error("the quantiles of one time are that time")
	}
	if got := Sorted(nil).Quantile(0.99); !math.IsNaN(got.Value) || got.String() != "none" {
		t.Errorf("of nothing: %v", got)
	}
}

func TestFigures(t *testing.T) {
	t.Parallel()
	for want, f := range map[string]Figure{
		"7": Num(7), "0.25": Num(0.25), "2.35ms": Took(2345678), "12.3ms": Took(12345678), "1.23s": Took(1234567890), "-40ms": Took(-40 * time.Millisecond),
		"1000/s": Per(500, time.Second/2), "none": Per(1, 0), "3 MiB": Size(3 << 20), "1.50 x": Num(3).In(Num(2), Ratio), "150%": Num(3).In(Num(2), Percent),
		"0.123 ms": {0.1234, Millis},
	} {
		if got := f.String(); got != want {
			t.Errorf("%+v prints %q, want %q", f, got, want)
		}
	}
}

func TestGoals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		goal Goal
		ok   bool
		line string
	}{
		{Most("p99", Took(30*time.Millisecond), 0.030), true, "goal: p99: 30ms, at most 30ms  ok"},
		{Most("p99", Took(31*time.Millisecond), 0.030), false, "goal: p99: 31ms, at most 30ms  SHORT"},
		{Least("rate", Per(4000, time.Second), 4000), true, "goal: rate: 4000/s, at least 4000/s  ok"},
		{Least("rate", Per(3999, time.Second), 4000), false, "goal: rate: 3999/s, at least 4000/s  SHORT"},
		// What was not measured reaches nothing.
		{Most("p99", None(Seconds), 1), false, "goal: p99: none, at most 1s  SHORT"},
		{Least("rate", None(Rate), 0), false, "goal: rate: none, at least 0/s  SHORT"},
	} {
		if c.goal.OK() != c.ok || c.goal.String() != c.line {
			t.Errorf("%t %q, want %t %q", c.goal.OK(), c.goal, c.ok, c.line)
		}
	}
}

func TestRatios(t *testing.T) {
	t.Parallel()
	ms := func(n float64) Figure { return Figure{n / 1000, Seconds} }
	for _, c := range []struct {
		name             string
		reference, found Figure
		ok, excused      bool
	}{
		{"within", ms(10), ms(15), true, false},
		{"faster", ms(10), ms(5), true, false},
		{"over", ms(10), ms(15.1), false, false},
		{"over, by less than counts", ms(1), ms(1.9), true, true},
		{"over, by just more than counts", ms(1), ms(2.1), false, false},
		{"nothing arrived", ms(1), None(Seconds), false, false},
		{"no reference", None(Seconds), ms(1), false, false},
	} {
		g := Ratios{Reference: c.reference, Found: c.found, Most: 1.5, Alike: 0.001}.Goal(c.name)
		if g.OK() != c.ok || g.Excused != c.excused {
			t.Errorf("%s: %s", c.name, g)
		}
		if !strings.Contains(g.String(), c.reference.String()) || !strings.Contains(g.String(), c.found.String()) {
			t.Errorf("%s does not tell both figures: %s", c.name, g)
		}
	}
}

func sheet(rate int, p50 time.Duration, lost int) *Sheet {
	s := &Sheet{}
	table := s.Table("title", "what", "rate", "p50", "lost", "text")
	table.Row("one", Per(rate, time.Second), Took(p50), Num(lost), Text("x"))
	return s
}

func TestSpreads(t *testing.T) {
	t.Parallel()
	got := Spreads([]*Sheet{sheet(100, 3*time.Second, 0), sheet(90, time.Second, 0), sheet(110, 2*time.Second, 0)})
	want := []Spread{
		{"one", "rate", Figure{90, Rate}, Figure{100, Rate}, Figure{110, Rate}, Figure{20, Percent}},
		{"one", "p50", Figure{1, Seconds}, Figure{2, Seconds}, Figure{3, Seconds}, Figure{100, Percent}},
		{"one", "lost", Num(0), Num(0), Num(0), Figure{0, Percent}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	even := Spreads([]*Sheet{sheet(100, 1, 0), sheet(120, 1, 0)})
	if even[0].Median.Value != 110 {
		t.Errorf("the median of two is %v, want the middle between them", even[0].Median)
	}
}

// A figure that one run has not got has no spread, and is not an error.
func TestSpreadsOfUnlikeRuns(t *testing.T) {
	t.Parallel()
	short := &Sheet{}
	if got := Spreads([]*Sheet{sheet(1, 1, 1), short}); got != nil {
		t.Errorf("%v", got)
	}
	if got := Spreads([]*Sheet{sheet(1, 1, 1), sheet(1, 1, 1)}); len(got) != 3 {
		t.Errorf("%v", got)
	}
	without := sheet(1, 1, 1)
	without.Tables[0].Rows[0].Cells[0] = None(Rate)
	if got := Spreads([]*Sheet{sheet(1, 1, 1), without}); len(got) != 2 {
		t.Errorf("%v", got)
	}
}

func TestWrite(t *testing.T) {
	t.Parallel()
	s := sheet(1000, time.Millisecond, 0)
	s.Tables[0].Row("another", Per(5, time.Second), None(Seconds), Num(12), Text("yz"))
	s.Note("said %d", 1)
	s.Goal(Most("lost", Num(1), 0))
	tall := s.Table("", "what", "a", "b")
	tall.Tall = true
	tall.Row("one", Num(1), Num(2))
	var out bytes.Buffer
	if err := s.Write(&out); err != nil {
		t.Fatal(err)
	}
	want := `  title
  what       rate   p50  lost  text
  one      1000/s   1ms     0     x
  another     5/s  none    12    yz

  what  one
  a       1
  b       2

  said 1
  goal: lost: 1, at most 0  SHORT
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
	if s.Short() != 1 {
		t.Errorf("%d goals missed, want 1", s.Short())
	}
}
