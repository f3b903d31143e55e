package drill

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/posthaste/posthaste/services/cmd/chaos/internal/run"
)

const (
	// most is how many dispatchers run at the same time.
	most = 8
	// measured is for how long their shares are.
	measured = 8 * time.Second
	// Apart is how far from an even share each may be.
	Apart = 0.20
	// attempts counts POSTs.
	attempts = "posthaste_dispatcher_attempts_total"
)

// ErrUneven says that the work was not shared evenly.
var ErrUneven = errors.New("the work is not shared evenly")

// scale adds dispatchers under load, measures their shares, and takes all but
// one away again, in order.
func scale(ctx context.Context, d *run.Drill) error {
	for _, s := range d.Dispatchers[1:] {
		if err := s.Terminate(orderly); err != nil {
			return err
		}
	}
	d.Dispatchers = d.Dispatchers[:1]
	if err := pause(ctx, settleIn); err != nil {
		return err
	}
	for len(d.Dispatchers) < most {
		s, err := d.AddDispatcher(ctx)
		if err != nil {
			return err
		}
		if err := ready(ctx, s); err != nil {
			return err
		}
	}
	if err := pause(ctx, settleIn); err != nil {
		return err
	}
	var err error
	if d.Shares, err = shares(ctx, d); err != nil {
		return err
	}
	for _, s := range d.Dispatchers[1:] {
		if err := s.Terminate(orderly); err != nil {
			return err
		}
	}
	d.Dispatchers = d.Dispatchers[:1]
	return pause(ctx, settleIn)
}

// shares measures which part of the POSTs each makes.
func shares(ctx context.Context, d *run.Drill) ([]float64, error) {
	count := func() ([]float64, error) {
		counts := make([]float64, len(d.Dispatchers))
		for i, s := range d.Dispatchers {
			var err error
			if counts[i], err = s.Counter(ctx, attempts); err != nil {
				return nil, err
			}
		}
		return counts, nil
	}
	before, err := count()
	if err != nil {
		return nil, err
	}
	if err := pause(ctx, measured); err != nil {
		return nil, err
	}
	after, err := count()
	if err != nil {
		return nil, err
	}
	return parts(before, after), nil
}

// parts are what each did of what all did.
func parts(before, after []float64) []float64 {
	all, sum := make([]float64, len(before)), 0.0
	for i := range all {
		all[i] = after[i] - before[i]
		sum += all[i]
	}
	for i := range all {
		all[i] /= max(1, sum)
	}
	return all
}

// Even says whether each part is within Apart of an even share.
func Even(parts []float64) error {
	for i, part := range parts {
		if even := 1 / float64(len(parts)); part < even*(1-Apart) || part > even*(1+Apart) {
			return fmt.Errorf("%w: dispatcher %d of %d did %.1f %%, and %.1f %% would be even", ErrUneven, i+1, len(parts), 100*part, 100*even)
		}
	}
	return nil
}
