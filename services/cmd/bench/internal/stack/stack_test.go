package stack

import (
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestCounts(t *testing.T) {
	t.Parallel()
	const text = `# HELP x_total a thing
# TYPE x_total counter
x_total{a="1",reason="timeout"} 3
x_total{outcome="failed",reason="timeout"} 1e3
x_total{reason="other"} 2
x_total 5
x_total_more 7
`
	got, err := counts(strings.NewReader(text), "x_total")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Counts{"timeout": 1003, "other": 2, "": 5}, got); diff != "" {
		t.Error(diff)
	}
	if got.Sum() != 1010 {
		t.Errorf("sum %d", got.Sum())
	}
	if got, err := counts(strings.NewReader(text), "y_total"); err != nil || got.Sum() != 0 {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := counts(strings.NewReader("x_total many"), "x_total"); err == nil {
		t.Error("no number was read")
	}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("reads /proc")
	}
	u := usageOf(os.Getpid())
	if u.rss < 1<<20 || u.peak < u.rss/2 {
		t.Errorf("%+v", u)
	}
	if gone := usageOf(-1); gone != (usage{}) {
		t.Errorf("of no process: %+v", gone)
	}
	before := Usage{{"a", time.Second, 10, 5}, {"b", time.Second, 20, 6}}
	now := Usage{{"a", 3 * time.Second, 11, 5}, {"b", 2 * time.Second, 22, 6}}
	spent := now.Since(before)
	if spent.CPU() != 3*time.Second || spent.Peak() != 33 || spent[0].CPU != 2*time.Second {
		t.Errorf("%+v", spent)
	}
}

func TestLogKeepsTheEnd(t *testing.T) {
	t.Parallel()
	var l log
	for range 3000 {
		if _, err := l.Write([]byte("a line of text\n")); err != nil {
			t.Fatal(err)
		}
	}
	_, _ = l.Write([]byte("the last\n"))
	got := l.String()
	if len(got) > maxLog || !strings.HasPrefix(got, "a line") || !strings.HasSuffix(got, "the last\n") {
		t.Errorf("%d bytes, %.20q…", len(got), got)
	}
}
