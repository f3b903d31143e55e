package control

import (
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/posthaste/posthaste/services/internal/subscription"
)

// view is a subscription as the API shows it.
type view struct {
	ID               string       `json:"id" pattern:"^evsub_[A-Za-z0-9]+$"`
	Tenant           string       `json:"tenant"`
	URL              string       `json:"url" format:"uri"`
	EventTypes       []string     `json:"eventTypes" nullable:"false"`
	Filters          shownFilters `json:"filters"`
	Description      string       `json:"description"`
	Dialect          string       `json:"dialect"`
	Status           string       `json:"status" enum:"active,disabled"`
	DisabledReason   string       `json:"disabledReason,omitempty" doc:"requested, consecutive_failures, or gone (the endpoint answered 410)."`
	DisabledAt       *time.Time   `json:"disabledAt,omitempty"`
	SigningAlgorithm string       `json:"signingAlgorithm" enum:"hmac_sha256"`
	RetryPolicy      retryView    `json:"retryPolicy"`
	FailCount        *int         `json:"failCount,omitempty" doc:"Deliveries that failed since the last success; absent while it is not known."`
	Secret           string       `json:"secret,omitempty" doc:"Only in the answer to the create that made it."`
	SecretPrefix     string       `json:"secretPrefix" doc:"The first 12 characters of the secret."`
	CreatedAt        time.Time    `json:"createdAt"`
	UpdatedAt        time.Time    `json:"updatedAt"`
	AvailableActions []string     `json:"availableActions" nullable:"false" doc:"deactivate, or nothing."`
}

type shownFilters struct {
	TaskIDs []string `json:"taskIds" nullable:"false" doc:"Only events whose data.taskId is listed; empty for all events."`
}

type retryView struct {
	MaxAttempts           int      `json:"maxAttempts"`
	InitialBackoffSeconds float64  `json:"initialBackoffSeconds"`
	MaxBackoffSeconds     float64  `json:"maxBackoffSeconds"`
	Delays                []string `json:"delays" nullable:"false" doc:"Waits before the second attempt and those after it."`
}

const (
	statusActive   = "active"
	statusDisabled = "disabled"
)

// newView shows sub. failCount is nil where it is not known.
func (s *Service) newView(sub *subscription.Subscription, failCount *int) view {
	v := view{
		ID: sub.GetId(), Tenant: sub.GetTenant(), URL: sub.GetUrl(), Description: sub.GetDescription(), Dialect: sub.GetDialect(),
		EventTypes: list(sub.GetEventTypes()), Filters: shownFilters{TaskIDs: list(sub.GetFilters().GetTaskIds())},
		Status: statusActive, SigningAlgorithm: "hmac_sha256", FailCount: failCount, RetryPolicy: s.retryView(sub),
		CreatedAt: moment(sub.GetCreatedAt()), UpdatedAt: moment(sub.GetUpdatedAt()), AvailableActions: []string{"deactivate"},
	}
	if secrets := sub.GetSecrets(); len(secrets) > 0 {
		v.SecretPrefix = prefix(secrets[0].GetValue())
	}
	if !sub.Active() {
		v.Status, v.DisabledReason, v.AvailableActions = statusDisabled, sub.GetDisabledReason(), []string{}
		if at := sub.GetDisabledAt(); at != nil {
			t := moment(at)
			v.DisabledAt = &t
		}
	}
	return v
}

func (s *Service) retryView(sub *subscription.Subscription) retryView {
	plan := sub.Schedule(s.standard)
	v := retryView{MaxAttempts: plan.MaxAttempts(), Delays: []string{}}
	for i, d := range plan.Delays() {
		if i == 0 {
			v.InitialBackoffSeconds = d.Seconds()
		}
		v.MaxBackoffSeconds = max(v.MaxBackoffSeconds, d.Seconds())
		v.Delays = append(v.Delays, shortDuration(d))
	}
	return v
}

// list is never null in JSON.
func list(all []string) []string {
	if all == nil {
		return []string{}
	}
	return all
}

// moment is in UTC and whole milliseconds, as all times of the API.
func moment(at *timestamppb.Timestamp) time.Time { return at.AsTime().Truncate(time.Millisecond) }

// shortDuration writes 5m for what Go writes as 5m0s.
func shortDuration(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
