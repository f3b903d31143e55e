package deliveries

import (
	"cmp"
	"strings"
	"time"

	"github.com/posthaste/posthaste/services/internal/history"
)

// DeliveryList is a page of deliveries.
type DeliveryList struct {
	Data       []Delivery `json:"data" nullable:"false"`
	Pagination Pagination `json:"pagination"`
	NextCursor string     `json:"nextCursor,omitempty" doc:"Where there is more."`
}

// Pagination says where a page stands.
type Pagination struct {
	Page       int   `json:"page"`
	PageSize   int   `json:"pageSize"`
	Total      int64 `json:"total" doc:"Deliveries on all pages."`
	TotalPages int64 `json:"totalPages"`
}

// Delivery is one event for one subscription, and what became of it.
type Delivery struct {
	ID             string     `json:"id"`
	SubscriptionID string     `json:"subscriptionId"`
	Tenant         string     `json:"tenant"`
	EventID        string     `json:"eventId"`
	EventType      string     `json:"eventType"`
	Status         string     `json:"status" enum:"waiting,delivered,failed,cancelled"`
	Attempts       int        `json:"attempts" doc:"POSTs so far."`
	ResponseStatus *int       `json:"responseStatus" doc:"HTTP status of the last POST; null where there was no answer."`
	Reason         string     `json:"reason" doc:"Why it is as it is, such as delivered, timeout or server_error."`
	Error          string     `json:"error,omitempty" doc:"What went wrong, for people."`
	URL            string     `json:"url,omitempty" doc:"Where the last POST went."`
	DurationMs     float64    `json:"durationMs" doc:"Of the last POST."`
	CreatedAt      time.Time  `json:"createdAt"`
	FirstAttemptAt *time.Time `json:"firstAttemptAt"`
	LastAttemptAt  *time.Time `json:"lastAttemptAt"`
	NextAttemptAt  *time.Time `json:"nextAttemptAt,omitempty"`
	FinishedAt     *time.Time `json:"finishedAt,omitempty"`
	Test           bool       `json:"test"`
}

// DeliveryAnswer is one delivery.
type DeliveryAnswer struct {
	Data DeliveryDetails `json:"data"`
}

// DeliveryDetails is a delivery with its attempts.
type DeliveryDetails struct {
	Delivery
	AttemptLog []Attempt `json:"attemptLog" nullable:"false" doc:"All attempts, oldest first."`
}

// Attempt is one POST, or how a delivery ended without one.
type Attempt struct {
	Round          string            `json:"round,omitempty" doc:"The redelivery or replay that it belongs to."`
	Number         int               `json:"number" doc:"From 1 in each round."`
	Posted         bool              `json:"posted" doc:"false where it only tells how the delivery ended."`
	StartedAt      time.Time         `json:"startedAt"`
	DurationMs     float64           `json:"durationMs"`
	ResponseStatus *int              `json:"responseStatus" doc:"null where there was no answer."`
	Reason         string            `json:"reason"`
	Error          string            `json:"error,omitempty"`
	Outcome        string            `json:"outcome,omitempty" enum:"delivered,failed,cancelled" doc:"Absent where another attempt follows."`
	URL            string            `json:"url,omitempty"`
	RequestHeaders map[string]string `json:"requestHeaders,omitempty" doc:"Signatures and the subscription's own headers are shown as [secret]."`
	Answer         string            `json:"answer,omitempty" doc:"The beginning of the answer's body."`
	NextAttemptAt  *time.Time        `json:"nextAttemptAt,omitempty"`
}

func newList(q history.Query, page history.Page) *DeliveryList {
	size := cmp.Or(q.PageSize, history.DefaultPageSize)
	list := &DeliveryList{
		Data: make([]Delivery, len(page.Deliveries)), NextCursor: page.NextCursor,
		Pagination: Pagination{
			Page: cmp.Or(q.Page, 1), PageSize: size, Total: page.Total,
			TotalPages: (page.Total + int64(size) - 1) / int64(size),
		},
	}
	for i, d := range page.Deliveries {
		list.Data[i] = newDelivery(d)
	}
	return list
}

func newDelivery(d history.Delivery) Delivery {
	return Delivery{
		ID: d.ID, SubscriptionID: d.SubscriptionID, Tenant: d.Tenant, EventID: d.EventID, EventType: d.EventType,
		Status: d.Status, Attempts: d.Attempts, ResponseStatus: status(d.ResponseStatus), Reason: d.Reason, Error: d.Error,
		URL: d.URL, DurationMs: milliseconds(d.Latency), CreatedAt: d.CreatedAt.Truncate(time.Millisecond),
		FirstAttemptAt: moment(d.FirstAttemptAt), LastAttemptAt: moment(d.LastAttemptAt),
		NextAttemptAt: moment(d.NextAttemptAt), FinishedAt: moment(d.FinishedAt), Test: d.Test,
	}
}

func newDetails(d history.Delivery, attempts []history.Attempt) DeliveryDetails {
	details := DeliveryDetails{Delivery: newDelivery(d), AttemptLog: make([]Attempt, len(attempts))}
	for i, a := range attempts {
		details.AttemptLog[i] = Attempt{
			Round: a.Round, Number: a.Number, Posted: !a.Note, StartedAt: a.StartedAt.Truncate(time.Millisecond),
			DurationMs: milliseconds(a.Latency), ResponseStatus: status(a.ResponseStatus), Reason: a.Reason, Error: a.Error,
			Outcome: a.Outcome, URL: a.URL, RequestHeaders: headers(a.RequestHeader),
			Answer: strings.ToValidUTF8(string(a.Answer), "�"), NextAttemptAt: moment(a.NextAt),
		}
	}
	return details
}

// headers reads the lines of a record. Values of one name are joined.
func headers(lines []byte) map[string]string {
	var all map[string]string
	for line := range strings.Lines(string(lines)) {
		name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		if !ok {
			continue
		}
		if all == nil {
			all = make(map[string]string)
		}
		if first, twice := all[name]; twice {
			value = first + ", " + value
		}
		all[name] = value
	}
	return all
}

func status(code int) *int {
	if code == 0 {
		return nil
	}
	return &code
}

func moment(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	at = at.UTC().Truncate(time.Millisecond)
	return &at
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
