package client

import (
	"context"
	"net/http"
	"time"

	"github.com/cenkalti/backoff/v4"
)

// Status of a replay.
const (
	ReplayRunning   = "running"
	ReplayDone      = "done"
	ReplayCancelled = "cancelled"
	ReplayFailed    = "failed"
)

// What ReplayRequest.Only may hold.
const (
	OnlyFailed = "failed"
	OnlyMissed = "missed"
)

// ReplayRequest says which events to deliver once more. The zero one means all
// that are kept.
type ReplayRequest struct {
	Since time.Time `json:"since,omitzero"`
	Until time.Time `json:"until,omitzero"`
	// EventTypes narrows the subscription's own.
	EventTypes []string `json:"eventTypes,omitempty"`
	// Only OnlyFailed, OnlyMissed, both, or empty for every event.
	Only []string `json:"only,omitempty"`
	// Rate is in deliveries a second; 0 for the server's.
	Rate float64 `json:"rate,omitempty"`
}

// Replay is one that was begun.
type Replay struct {
	ID             string     `json:"id"`
	SubscriptionID string     `json:"subscriptionId"`
	Tenant         string     `json:"tenant"`
	Status         string     `json:"status"` // ReplayRunning and those beside it
	Since          *time.Time `json:"since"`
	Until          *time.Time `json:"until"`
	EventTypes     []string   `json:"eventTypes"`
	Only           []string   `json:"only"`
	Rate           float64    `json:"rate"`
	// Progress is from 0 to 1.
	Progress   float64    `json:"progress"`
	Scanned    int64      `json:"scanned"`   // events looked at
	Delivered  int64      `json:"delivered"` // deliveries made
	Total      int64      `json:"total"`     // events to look at
	CreatedAt  time.Time  `json:"createdAt"`
	UpdatedAt  time.Time  `json:"updatedAt"`
	FinishedAt *time.Time `json:"finishedAt,omitempty"`
	Error      string     `json:"error,omitempty"` // why it failed
}

// Finished says that it does not run any more.
func (r *Replay) Finished() bool { return r.Status != ReplayRunning }

// ReplayCount is what a dry run found.
type ReplayCount struct {
	Events  int64 `json:"events"`  // that would be delivered
	Scanned int64 `json:"scanned"` // that were looked at
	// Complete is false where there are more than could be counted in time.
	Complete bool `json:"complete"`
}

// ReplaysService reads and cancels replays. EventSubscriptions.Replay begins
// one.
type ReplaysService struct{ core *core }

// Get reads one.
func (s *ReplaysService) Get(ctx context.Context, id string) (*Replay, error) {
	return fetchData[Replay](ctx, s.core, call{method: http.MethodGet, path: []string{"replays", id}})
}

// Cancel stops one. What it has delivered stays delivered.
func (s *ReplaysService) Cancel(ctx context.Context, id string) (*Replay, error) {
	return fetchData[Replay](ctx, s.core, call{method: http.MethodDelete, path: []string{"replays", id}})
}

const (
	firstLook = 200 * time.Millisecond
	maxLook   = 2 * time.Second
)

// Wait reads the replay until it is finished, and returns it as it is then:
// Status says how it ended. progress, if not nil, is called with each state
// that is read. The replay goes on if ctx ends.
func (s *ReplaysService) Wait(ctx context.Context, id string, progress func(Replay)) (*Replay, error) {
	looks := backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(firstLook), backoff.WithMaxInterval(maxLook), backoff.WithMaxElapsedTime(0))
	for {
		r, err := s.Get(ctx, id)
		if err != nil {
			return nil, err
		}
		if progress != nil {
			progress(*r)
		}
		if r.Finished() {
			return r, nil
		}
		if err := sleep(ctx, looks.NextBackOff()); err != nil {
			return r, err
		}
	}
}
