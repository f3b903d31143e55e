package replay

import (
	"crypto/rand"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/subscription"
)

const (
	running   = posthastev1.ReplayStatus_REPLAY_STATUS_RUNNING
	done      = posthastev1.ReplayStatus_REPLAY_STATUS_DONE
	cancelled = posthastev1.ReplayStatus_REPLAY_STATUS_CANCELLED
	failed    = posthastev1.ReplayStatus_REPLAY_STATUS_FAILED
)

// What a replay may be narrowed to.
const (
	OnlyFailed = "failed" // deliveries that failed for good
	OnlyMissed = "missed" // those cancelled or never made while the subscription was disabled
)

const prefix = "rpl_"

// NewID makes an id: "rpl_" and a ULID, so that ids sort by their time.
func NewID(now time.Time) string {
	return prefix + ulid.MustNew(ulid.Timestamp(now), rand.Reader).String()
}

// CheckID holds for ids of the form that NewID makes. Anything else is no key
// of the bucket, or a wildcard in one.
func CheckID(id string) bool {
	rest, ok := strings.CutPrefix(id, prefix)
	if !ok {
		return false
	}
	_, err := ulid.ParseStrict(rest)
	return err == nil
}

// Check finds what is wrong with what a replay asks for. Its error names the
// field.
func Check(rec *posthastev1.Replay) error {
	for _, pattern := range rec.GetEventTypes() {
		if err := subscription.CheckPattern(pattern); err != nil {
			return fmt.Errorf("event types: %w", err)
		}
	}
	for _, only := range rec.GetOnly() {
		if only != OnlyFailed && only != OnlyMissed {
			return fmt.Errorf("only: %.64q is neither %q nor %q", only, OnlyFailed, OnlyMissed)
		}
	}
	if r := rec.GetRate(); math.IsNaN(r) || math.IsInf(r, 0) || r < 0 {
		return fmt.Errorf("rate: must be 0 (as fast as it goes) or more deliveries a second, is %v", r)
	}
	if rec.Since != nil && rec.Until != nil && !rec.Since.AsTime().Before(rec.Until.AsTime()) {
		return fmt.Errorf("until: %s must be after since, %s", rec.Until.AsTime(), rec.Since.AsTime())
	}
	return nil
}

// wanted says whether what became of a delivery is what the replay is for.
// outcome is empty where there is no record of it.
func wanted(only []string, outcome string, stored time.Time, periods []*posthastev1.DisabledPeriod) bool {
	missed := outcome == "cancelled" || outcome == "" && within(stored, periods)
	return len(only) == 0 ||
		slices.Contains(only, OnlyFailed) && outcome == "failed" ||
		slices.Contains(only, OnlyMissed) && missed
}

// within says whether the moment lies in one of the periods.
func within(at time.Time, periods []*posthastev1.DisabledPeriod) bool {
	return slices.ContainsFunc(periods, func(p *posthastev1.DisabledPeriod) bool {
		return !at.Before(p.GetFrom().AsTime()) && (p.Until == nil || at.Before(p.GetUntil().AsTime()))
	})
}
