package rest

import (
	"fmt"

	"github.com/posthaste/posthaste/services/internal/problem"
)

// Faults are what is wrong with a request, all at once.
type Faults []problem.Field

// Add names a field and what is wrong with it.
func (f *Faults) Add(field, format string, args ...any) {
	*f = append(*f, problem.Field{Field: field, Message: fmt.Sprintf(format, args...)})
}

// Err is nil or a 400.
func (f Faults) Err() error {
	if len(f) == 0 {
		return nil
	}
	return problem.Validation(f...)
}
