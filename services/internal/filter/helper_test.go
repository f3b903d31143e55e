package filter

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func compiled(tb testing.TB, pattern string) *Pattern {
	tb.Helper()
	p, err := Compile([]byte(pattern), Limits{})
	if err != nil {
		tb.Fatalf("%s: %s", pattern, err)
	}
	return p
}
