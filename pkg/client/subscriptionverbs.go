package client

import (
	"context"
	"net/http"
	"time"
)

// Enabled is the answer to an enable.
type Enabled struct {
	Subscription EventSubscription `json:"data"`
	// Missed is what came while it was disabled; nil where it was not, or where
	// that is not known.
	Missed *Missed `json:"missed,omitempty"`
}

// Missed is what came while a subscription was disabled.
type Missed struct {
	Events int64 `json:"events"`
	// Complete is false where there are more than could be counted in time.
	Complete bool      `json:"complete"`
	Since    time.Time `json:"since"`
	Until    time.Time `json:"until"`
}

// Request asks for a replay of what was missed.
func (m *Missed) Request() ReplayRequest {
	return ReplayRequest{Since: m.Since, Until: m.Until, Only: []string{OnlyMissed}}
}

// RotateSecret asks for a new secret.
type RotateSecret struct {
	// Secret is made by the server if it is empty.
	Secret Secret `json:"secret,omitempty"`
	// Overlap is how long the old secret goes on signing beside the new one;
	// nil for the server's 24 h.
	Overlap *Duration `json:"overlap,omitempty"`
}

// RotateSecret changes the secret. The answer holds the new one if the server
// made it; it is not told again.
func (s *EventSubscriptionsService) RotateSecret(ctx context.Context, id string, in RotateSecret) (*EventSubscription, error) {
	k := s.on(http.MethodPost, id, "rotate-secret")
	k.body, k.creates = in, true
	return fetchData[EventSubscription](ctx, s.core, k)
}

// TestResult is what came of a test event.
type TestResult struct {
	Success bool `json:"success"` // the endpoint answered 2xx
	// Status of HTTP; nil where there was no answer.
	Status *int `json:"status"`
	// Body is the first 500 characters of the answer.
	Body       string  `json:"body"`
	DurationMs float64 `json:"durationMs"`
	DeliveryID string  `json:"deliveryId,omitempty"`
	Reason     string  `json:"reason"` // such as delivered, timeout or client_error
	Error      string  `json:"error,omitempty"`
}

// Test sends a test event through the full path and waits for what comes of it.
// A test that the endpoint failed is no error.
func (s *EventSubscriptionsService) Test(ctx context.Context, id string) (*TestResult, error) {
	k := s.on(http.MethodPost, id, "test")
	k.once = true
	return fetchData[TestResult](ctx, s.core, k)
}

// Replay begins to deliver events once more. Replays.Wait waits for its end.
func (s *EventSubscriptionsService) Replay(ctx context.Context, id string, in ReplayRequest) (*Replay, error) {
	k := s.on(http.MethodPost, id, "replay")
	k.body, k.creates = in, true
	return fetchData[Replay](ctx, s.core, k)
}

// ReplayDryRun counts what Replay would deliver.
func (s *EventSubscriptionsService) ReplayDryRun(ctx context.Context, id string, in ReplayRequest) (*ReplayCount, error) {
	k := s.on(http.MethodPost, id, "replay")
	k.body = struct {
		ReplayRequest
		DryRun bool `json:"dryRun"`
	}{in, true}
	return fetchData[ReplayCount](ctx, s.core, k)
}
