package control

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/control/internal/deliveries"
)

const sent = "/v1/deliveries"

func (h *harness) sent(t *testing.T, query string) deliveries.DeliveryList {
	t.Helper()
	a := h.do(t, http.MethodGet, sent+query, "")
	if a.Status != http.StatusOK {
		t.Fatalf("%s: %d %s", query, a.Status, a.Text)
	}
	return decoded[deliveries.DeliveryList](t, a.Text)
}

func names(list deliveries.DeliveryList) []string {
	all := []string{}
	for _, d := range list.Data {
		all = append(all, d.ID)
	}
	slices.Sort(all)
	return all
}

// moment is at, as it is written in a query so many hours east of Greenwich.
func moment(minute, hours int) string {
	return url.QueryEscape(at(minute).AsTime().In(time.FixedZone("", hours*3600)).Format(time.RFC3339))
}

func TestDeliveriesList(t *testing.T) {
	t.Parallel()
	h := start(t)
	end := func(o posthastev1.Outcome, minute int) func(*posthastev1.Attempt) {
		return func(a *posthastev1.Attempt) { a.Outcome, a.StartedAt, a.CreatedAt = o, at(minute), at(minute) }
	}
	h.past(t,
		attempt("default", "evsub_a", "dlv_1", end(posthastev1.Outcome_OUTCOME_DELIVERED, 1)),
		attempt("default", "evsub_a", "dlv_2", end(posthastev1.Outcome_OUTCOME_FAILED, 2)),
		attempt("default", "evsub_b", "dlv_3", end(posthastev1.Outcome_OUTCOME_UNSPECIFIED, 3), func(a *posthastev1.Attempt) { a.NextAt = at(9) }),
		attempt("default", "evsub_b", "dlv_4", end(posthastev1.Outcome_OUTCOME_CANCELLED, 4), func(a *posthastev1.Attempt) { a.EventType = "task.closed" }),
		attempt("default", "evsub_b", "dlv_5", end(posthastev1.Outcome_OUTCOME_DELIVERED, 5), func(a *posthastev1.Attempt) { a.Test = true }),
		attempt("acme", "evsub_c", "dlv_6", end(posthastev1.Outcome_OUTCOME_DELIVERED, 6)),
	)
	for query, want := range map[string]string{
		"":                       "dlv_1 dlv_2 dlv_3 dlv_4",
		"?tests=true":            "dlv_1 dlv_2 dlv_3 dlv_4 dlv_5",
		"?status=delivered":      "dlv_1",
		"?status=failed":         "dlv_2",
		"?status=waiting":        "dlv_3",
		"?status=cancelled":      "dlv_4",
		"?subscription=evsub_b":  "dlv_3 dlv_4",
		"?subscription=nobody":   "",
		"?eventType=task.closed": "dlv_4",
		"?eventId=evt_dlv_2":     "dlv_2",
		"?since=" + moment(2, 0) + "&until=" + moment(4, 0): "dlv_2 dlv_3",
		"?since=" + moment(3, 2):                            "dlv_3 dlv_4",
		"?subscription=evsub_b&status=waiting":              "dlv_3",
		"?tenant=acme":                                      "dlv_6",
		"?tenant=nobody":                                    "",
	} {
		list := h.sent(t, query)
		if got := strings.Join(names(list), " "); got != want || list.Pagination.Total != int64(len(list.Data)) || list.Pagination.TotalPages > 1 {
			t.Errorf("%s: %s, %+v; want %s", query, got, list.Pagination, want)
		}
	}
	if got := decoded[deliveries.DeliveryList](t, h.as(t, call{"tenant-acme", ""}, http.MethodGet, sent, "").Text); len(got.Data) != 1 {
		t.Errorf("acme sees %v", names(got))
	}
}

func TestDeliveriesPages(t *testing.T) {
	t.Parallel()
	h := start(t)
	for i := range 25 {
		h.past(t, attempt("default", "evsub_a", fmt.Sprintf("dlv_%02d", i), func(a *posthastev1.Attempt) { a.CreatedAt = at(i) }))
	}
	first := h.sent(t, "")
	if want := (deliveries.Pagination{Page: 1, PageSize: 20, Total: 25, TotalPages: 2}); first.Pagination != want || len(first.Data) != 20 || first.Data[0].ID != "dlv_24" {
		t.Errorf("%+v, %d, first %s", first.Pagination, len(first.Data), first.Data[0].ID)
	}
	third := h.sent(t, "?page=3&pageSize=10")
	if want := (deliveries.Pagination{Page: 3, PageSize: 10, Total: 25, TotalPages: 3}); third.Pagination != want || len(third.Data) != 5 || third.NextCursor != "" {
		t.Errorf("%+v, %d, next %q", third.Pagination, len(third.Data), third.NextCursor)
	}
	if beyond := h.sent(t, "?page=4&pageSize=10"); len(beyond.Data) != 0 || beyond.Pagination.Total != 25 {
		t.Errorf("beyond: %+v", beyond)
	}
	var got []string
	query := "?pageSize=7"
	for range 10 {
		page := h.sent(t, query)
		for _, d := range page.Data {
			got = append(got, d.ID)
		}
		if page.NextCursor == "" {
			break
		}
		query = "?pageSize=7&cursor=" + url.QueryEscape(page.NextCursor)
	}
	slices.Reverse(got)
	if len(got) != 25 || !slices.IsSorted(got) {
		t.Errorf("by cursor: %v", got)
	}
}

func TestDeliveriesRefuse(t *testing.T) {
	t.Parallel()
	h := start(t)
	for query, field := range map[string]string{
		"status=lost": "status", "page=0": "page", "page=100001": "page", "page=x": "page", "pageSize=0": "pageSize", "pageSize=1001": "pageSize",
		"since=yesterday": "since", "until=2026-01-15": "until", "tests=perhaps": "tests", "cursor=x": "cursor", "cursor=%00": "cursor",
		"eventType=%00": "eventType", "eventId=%ff": "eventId", "subscription=a%00": "subscription", "state=failed": "state", "tenant=a.b": "tenant",
	} {
		h.do(t, http.MethodGet, sent+"?"+query, "").names(t, field, "")
	}
	for _, id := range []string{"dlv_none", "%00", "%ff", "dlv_%27"} {
		h.do(t, http.MethodGet, sent+"/"+id, "").refused(t, http.StatusNotFound, "not_found")
		h.do(t, http.MethodPost, sent+"/"+id+"/redeliver", "").refused(t, http.StatusNotFound, "not_found")
	}
}

func TestDelivery(t *testing.T) {
	t.Parallel()
	h := start(t)
	h.past(t,
		attempt("default", "evsub_a", "dlv_1", func(a *posthastev1.Attempt) {
			a.Outcome, a.Status, a.Reason, a.NextAt = posthastev1.Outcome_OUTCOME_UNSPECIFIED, 503, "server_error", at(1)
			a.Answer, a.RequestHeader = []byte("sorry \xff"), []byte("Content-Type: application/json\nX-A: 1\nX-A: a: b\nno header\n")
		}),
		attempt("default", "evsub_a", "dlv_1", func(a *posthastev1.Attempt) { a.Number, a.StartedAt = 2, at(1) }),
	)
	a := h.do(t, http.MethodGet, sent+"/dlv_1", "")
	got := decoded[deliveries.DeliveryAnswer](t, a.Text).Data
	ok, unavailable := 200, 503
	first, second := at(0).AsTime(), at(1).AsTime()
	want := deliveries.DeliveryDetails{
		Delivery: deliveries.Delivery{
			ID: "dlv_1", SubscriptionID: "evsub_a", Tenant: "default", EventID: "evt_dlv_1", EventType: "task.created", Status: "delivered",
			Attempts: 2, ResponseStatus: &ok, Reason: "delivered", URL: "https://example.com/hook", DurationMs: 1.5,
			CreatedAt: first, FirstAttemptAt: &first, LastAttemptAt: &second, FinishedAt: got.FinishedAt,
		},
		AttemptLog: []deliveries.Attempt{
			{
				Number: 1, Posted: true, StartedAt: first, DurationMs: 1.5, ResponseStatus: &unavailable, Reason: "server_error",
				URL: "https://example.com/hook", RequestHeaders: map[string]string{"Content-Type": "application/json", "X-A": "1, a: b"},
				Answer: "sorry \uFFFD", NextAttemptAt: &second,
			},
			{Number: 2, Posted: true, StartedAt: second, DurationMs: 1.5, ResponseStatus: &ok, Reason: "delivered", Outcome: "delivered", URL: "https://example.com/hook"},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" || got.FinishedAt == nil {
		t.Errorf("%s\n%s", diff, a.Text)
	}
	h.as(t, call{"tenant-acme", ""}, http.MethodGet, sent+"/dlv_1", "").refused(t, http.StatusNotFound, "not_found")
}

func TestDeliveriesWithoutHistory(t *testing.T) {
	t.Parallel()
	h := start(t)
	if err := h.deps.History.Close(); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{sent, sent + "/dlv_1"} {
		if a := h.do(t, http.MethodGet, path, ""); a.Header.Get("Retry-After") != "1" || a.refused(t, http.StatusServiceUnavailable, "unavailable").Error.Message == "" {
			t.Errorf("%v", a.Header)
		}
	}
}
