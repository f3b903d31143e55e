package e2e

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(suite{m}) }

// suite removes the binaries when the tests have run.
type suite struct{ m *testing.M }

func (s suite) Run() int {
	defer func() { _ = os.RemoveAll(binaries.dir) }()
	return s.m.Run()
}

// begin is the first line of every test.
func begin(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("these tests run whole processes; -short leaves them out")
	}
	t.Parallel()
}
