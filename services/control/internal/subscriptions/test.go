package subscriptions

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/posthaste/posthaste/services/control/internal/ping"
	"github.com/posthaste/posthaste/services/internal/subscription"
)

// maxShownAnswer is how much of a receiver's answer a test shows, in
// characters (AI City).
const maxShownAnswer = 500

// TestResult is what came of a test event.
type TestResult struct {
	Success    bool    `json:"success" doc:"The endpoint answered 2xx."`
	Status     *int    `json:"status" doc:"HTTP status; null where there was no answer."`
	Body       string  `json:"body" doc:"First 500 characters of the answer."`
	DurationMs float64 `json:"durationMs" doc:"From the start of the POST to the end of its answer."`
	DeliveryID string  `json:"deliveryId,omitempty"`
	Reason     string  `json:"reason" doc:"Why it counts as it does, such as delivered, timeout or client_error."`
	Error      string  `json:"error,omitempty" doc:"What went wrong, for people."`
}

type testOutput struct {
	Body testAnswer
}

type testAnswer struct {
	Data TestResult `json:"data"`
}

func (r *Resource) test(ctx context.Context, in *oneInput) (*testOutput, error) {
	owner, err := r.owner(ctx, in.ID, in.Tenant)
	if err != nil {
		return nil, err
	}
	sub, err := r.load(ctx, owner, in.ID)
	if err != nil {
		return nil, err
	}
	result, err := r.Test(ctx, sub)
	if err != nil {
		return nil, err
	}
	return &testOutput{Body: testAnswer{Data: result}}, nil
}

// load reads the subscription as it is now. Errors are for the client.
func (r *Resource) load(ctx context.Context, owner, id string) (*subscription.Subscription, error) {
	ctx, cancel := context.WithTimeout(ctx, r.api.StoreTimeout)
	defer cancel()
	sub, err := r.read(ctx, owner, id)
	if err != nil {
		return nil, storeError(err)
	}
	return sub, nil
}

// Test sends a ping and returns what came of it. Errors are for the client.
func (r *Resource) Test(ctx context.Context, sub *subscription.Subscription) (TestResult, error) {
	d, err := r.dialectOf(sub)
	if err != nil {
		return TestResult{}, err
	}
	a, err := r.deps.Pinger.Send(ctx, sub, d, r.deps.Policies.Of(d, sub.Subscription).Timeout)
	if errors.Is(err, ping.ErrNoAnswer) {
		return TestResult{Reason: "not_attempted", Error: "The test was not attempted in time: the endpoint is busy with other deliveries, or no dispatcher runs."}, nil
	}
	if err != nil {
		return TestResult{}, err
	}
	result := TestResult{
		Success: a.GetStatus() >= 200 && a.GetStatus() < 300 && a.GetError() == "", Body: shorten(strings.ToValidUTF8(string(a.GetAnswer()), "�"), maxShownAnswer),
		DurationMs: float64(a.GetLatency().AsDuration()) / float64(time.Millisecond),
		DeliveryID: a.GetDeliveryId(), Reason: a.GetReason(), Error: a.GetError(),
	}
	if status := int(a.GetStatus()); status != 0 {
		result.Status = &status
	}
	return result, nil
}

// shorten cuts text to so many characters.
func shorten(text string, most int) string {
	for i := range text {
		if most == 0 {
			return text[:i]
		}
		most--
	}
	return text
}
