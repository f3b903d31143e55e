package drill

import (
	"errors"
	"math"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestShares(t *testing.T) {
	t.Parallel()
	got := parts([]float64{100, 0}, []float64{130, 10})
	if math.Abs(got[0]-0.75) > 1e-9 || math.Abs(got[1]-0.25) > 1e-9 {
		t.Errorf("%v", got)
	}
	for _, part := range parts([]float64{1, 1}, []float64{1, 1}) {
		if part != 0 {
			t.Errorf("of no work one did %v", part)
		}
	}
	if err := Even([]float64{0.29, 0.21, 0.25, 0.25}); err != nil {
		t.Error(err)
	}
	for _, uneven := range [][]float64{{0.31, 0.19, 0.25, 0.25}, {0.25, 0.25, 0.31, 0.19}, {0, 0}} {
		if err := Even(uneven); !errors.Is(err, ErrUneven) {
			t.Errorf("%v: %v", uneven, err)
		}
	}
}
