package preflight

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
)

// Level is how bad a finding is.
type Level string

// The levels. A service starts with all but Refuse.
const (
	OK      Level = "ok"
	Note    Level = "note"    // works as promised; somebody may care
	Unknown Level = "unknown" // could not be seen
	Warn    Level = "warn"    // works, and may not keep up or keep all
	Refuse  Level = "refuse"  // a promise would be broken
)

// Finding is what one check saw.
type Finding struct {
	Check   string `json:"check"` // a name of the table in docs/operations.md
	Level   Level  `json:"level"`
	Message string `json:"message"`
	// Do is what to do about it; empty where there is nothing to do.
	Do string `json:"do,omitempty"`
}

// Report is what all checks saw, in the order in which they looked.
type Report []Finding

func (r *Report) add(check string, level Level, do, format string, args ...any) {
	*r = append(*r, Finding{Check: check, Level: level, Message: fmt.Sprintf(format, args...), Do: do})
}

// Known leaves out what could not be seen.
func (r Report) Known() Report {
	return slices.DeleteFunc(slices.Clone(r), func(f Finding) bool { return f.Level == Unknown })
}

// Err names everything that refuses, or is nil.
func (r Report) Err() error {
	var lines []string
	for _, f := range r {
		if f.Level == Refuse {
			lines = append(lines, f.Check+": "+f.Message+"; "+f.Do)
		}
	}
	if lines == nil {
		return nil
	}
	return errors.New("preflight: " + strings.Join(lines, ". "))
}

// levels are those of the log. OK and Note are for those who ask.
var levels = map[Level]slog.Level{
	OK: slog.LevelDebug, Note: slog.LevelDebug, Unknown: slog.LevelInfo, Warn: slog.LevelWarn, Refuse: slog.LevelError,
}

// Log tells of each finding.
func (r Report) Log(ctx context.Context, log *slog.Logger) {
	for _, f := range r {
		log.Log(ctx, levels[f.Level], "preflight", "check", f.Check, "level", f.Level, "message", f.Message, "do", f.Do)
	}
}
