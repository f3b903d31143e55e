package sealed

import (
	"context"
	"errors"
	"fmt"
)

// Records are those of a bucket that may hold something sealed.
type Records interface {
	// Noun is what several of the records are called.
	Noun() string
	// EachSeal tells of every record that has secrets which encryption key it
	// is sealed with, "" for a record in the clear.
	EachSeal(ctx context.Context, tell func(record, keyID string)) error
	// Reseal seals the record with the first key, by compare-and-set, and says
	// whether it had to. A record that is gone has not.
	Reseal(ctx context.Context, record string) (bool, error)
}

// Count is how many records each key seals; "" stands for those in the clear.
type Count map[string]int

// Tally counts.
func Tally(ctx context.Context, records Records) (Count, error) {
	count := make(Count)
	err := records.EachSeal(ctx, func(_, keyID string) { count[keyID]++ })
	return count, err
}

// Rotated is what came of a rotation.
type Rotated struct {
	Done   int // sealed anew
	Failed int
}

// Rotate seals with the first key whatever is not. Others may write meanwhile.
// It may be stopped and run again at any time. progress is told before each
// record. A record that cannot be opened is left as it is and the others go on;
// the error joins the first few of theirs.
func Rotate(ctx context.Context, keys *Keys, records Records, progress func(done, total int)) (r Rotated, err error) {
	if keys.First() == "" {
		return r, errors.New("there is no encryption key; set encryption-keys")
	}
	var old []string
	err = records.EachSeal(ctx, func(record, keyID string) {
		if keyID != keys.First() {
			old = append(old, record)
		}
	})
	if err != nil {
		return r, err
	}
	var faults []error
	for i, record := range old {
		progress(i, len(old))
		did, err := records.Reseal(ctx, record)
		switch {
		case ctx.Err() != nil:
			return r, fmt.Errorf("stopped at %d of %d %s: %w", i, len(old), records.Noun(), ctx.Err())
		case err != nil:
			r.Failed++
			faults = append(faults, err)
		case did:
			r.Done++
		}
	}
	progress(len(old), len(old))
	return r, errors.Join(faults[:min(len(faults), maxFaults)]...)
}

// maxFaults bounds an error that may be about every record.
const maxFaults = 3
