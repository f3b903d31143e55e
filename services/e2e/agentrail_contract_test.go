package e2e

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

const railSecret = "a secret of the caller"

var railID = regexp.MustCompile(`^evsub_[A-Za-z0-9]+$`)

// Create answers 201 with all members of a subscription, and without the
// caller's secret.
func TestAgentRailContractCreate(t *testing.T) {
	a := join(t)
	r, to := railOf(a), collect(t, nil)
	answer := r.do(t, http.MethodPost, "/event-subscriptions", "", map[string]any{
		"url": to.URL, "eventTypes": []string{"rail.create", "rail.other"}, "secret": railSecret,
		"description": "of a test", "filters": map[string]any{"taskIds": []string{"t1", "t2"}},
	})
	got := answer.one(t, http.StatusCreated)
	if !railID.MatchString(got.ID) || got.URL != to.URL || got.Status != "active" || got.SigningAlgorithm != "hmac_sha256" ||
		!slices.Equal(got.EventTypes, []string{"rail.create", "rail.other"}) || !slices.Equal(got.Filters.TaskIDs, []string{"t1", "t2"}) ||
		!slices.Equal(got.AvailableActions, []string{"deactivate"}) || time.Since(got.CreatedAt).Abs() > time.Minute {
		t.Errorf("created as %s", answer.text)
	}
	if got.RetryPolicy.MaxAttempts != 8 {
		t.Errorf("the retry policy is %+v", got.RetryPolicy)
	}
	if strings.Contains(answer.text, railSecret) {
		t.Errorf("the secret is returned: %s", answer.text)
	}
	ids := []string{a.emit(t, "rail.create", `{"taskId":"t3"}`), a.emit(t, "rail.create", `{"taskId":"t2"}`)}
	if body := to.await(t, 1)[0].body; !strings.Contains(string(body), ids[1]) {
		t.Errorf("the filter lets %s through", body)
	}
}

// A key is good for one create: the same request has the same answer, another
// is a conflict.
func TestAgentRailContractIdempotencyKey(t *testing.T) {
	a := join(t)
	r, to := railOf(a), collect(t, nil)
	req := map[string]any{"url": to.URL, "eventTypes": []string{"rail.once"}, "secret": railSecret}
	key := "key-of-" + t.Name()
	first := r.do(t, http.MethodPost, "/event-subscriptions", key, req)
	again := r.do(t, http.MethodPost, "/event-subscriptions", key, req)
	if first.one(t, http.StatusCreated); again.status != http.StatusCreated || again.text != first.text {
		t.Errorf("first %s, again %d %s", first.text, again.status, again.text)
	}
	req["description"] = "another"
	r.do(t, http.MethodPost, "/event-subscriptions", key, req).failed(t, http.StatusConflict, "conflict")
	for _, bad := range []string{"7 chars", strings.Repeat("x", 129)} {
		r.do(t, http.MethodPost, "/event-subscriptions", bad, req).failed(t, http.StatusBadRequest, "validation_error")
	}
	for i, length := range []int{8, 128} {
		req["url"] = fmt.Sprintf("%s/%d", to.URL, i)
		r.do(t, http.MethodPost, "/event-subscriptions", strings.Repeat("k", length), req).one(t, http.StatusCreated)
	}
}

// The same endpoint and filter set is a conflict while it is active.
func TestAgentRailContractCreateConflict(t *testing.T) {
	a := join(t)
	r, to := railOf(a), collect(t, nil)
	wish := func(tasks ...string) map[string]any {
		return map[string]any{
			"url": to.URL, "eventTypes": []string{"rail.a", "rail.b"}, "secret": railSecret,
			"filters": map[string]any{"taskIds": tasks},
		}
	}
	first := r.create(t, wish("t1", "t2"))
	turned := wish("t2", "t1")
	turned["eventTypes"] = []string{"rail.b", "rail.a"}
	for _, same := range []map[string]any{wish("t1", "t2"), turned} {
		r.do(t, http.MethodPost, "/event-subscriptions", "", same).failed(t, http.StatusConflict, "conflict")
	}
	if other := r.create(t, wish("t1")); other.ID == first.ID {
		t.Error("another filter set is the same subscription")
	}
	r.do(t, http.MethodDelete, "/event-subscriptions/"+first.ID, "", nil).one(t, http.StatusAccepted)
	r.create(t, wish("t1", "t2"))
}

// The list has the disabled ones too.
func TestAgentRailContractList(t *testing.T) {
	a := join(t)
	r, to := railOf(a), collect(t, always(410))
	gone := r.create(t, map[string]any{"url": to.URL, "eventTypes": []string{"rail.list"}, "secret": railSecret})
	active := r.create(t, map[string]any{"url": to.URL + "/other", "eventTypes": []string{"rail.nothing"}, "secret": railSecret})
	a.emit(t, "rail.list", `{}`)
	eventually(t, "the subscription to be disabled", func() bool { return r.status(t, gone.ID) == "disabled" }, nil)
	var list struct {
		Data             []railSubscription `json:"data"`
		AvailableActions []string           `json:"availableActions"`
	}
	r.do(t, http.MethodGet, "/event-subscriptions", "", nil).read(t, http.StatusOK, &list)
	statuses := map[string]string{}
	for _, s := range list.Data {
		statuses[s.ID] = s.Status + " " + strings.Join(s.AvailableActions, ",")
	}
	if statuses[gone.ID] != "disabled " || statuses[active.ID] != "active deactivate" || !slices.Equal(list.AvailableActions, []string{"create"}) {
		t.Errorf("the list has %q and %q, and the actions %q", statuses[gone.ID], statuses[active.ID], list.AvailableActions)
	}
}

// One is read with 200, and removed with 202 and a JSON body.
func TestAgentRailContractGetAndDelete(t *testing.T) {
	a := join(t)
	r, to := railOf(a), collect(t, nil)
	made := r.create(t, map[string]any{"url": to.URL, "eventTypes": []string{"rail.delete"}, "secret": railSecret})
	if got := r.do(t, http.MethodGet, "/event-subscriptions/"+made.ID, "", nil).one(t, http.StatusOK); got.ID != made.ID || got.Status != "active" {
		t.Errorf("read as %+v", got)
	}
	gone := r.do(t, http.MethodDelete, "/event-subscriptions/"+made.ID, "", nil).one(t, http.StatusAccepted)
	if gone.ID != made.ID || gone.Status != "disabled" || len(gone.AvailableActions) != 0 || gone.URL != to.URL {
		t.Errorf("removed as %+v", gone)
	}
	a.checkSilent(t, to, "rail.delete")
}

// Errors have one shape and the contract's codes.
func TestAgentRailContractErrors(t *testing.T) {
	a := join(t)
	r := railOf(a)
	for _, c := range []struct {
		req  map[string]any
		part string
	}{
		{map[string]any{"eventTypes": []string{"x"}}, "url"},
		{map[string]any{"url": "http://127.0.0.1:9", "eventTypes": []string{}}, "eventTypes"},
		{map[string]any{"url": "http://127.0.0.1:9"}, "eventTypes"},
		{map[string]any{"url": "http://10.0.0.1/", "eventTypes": []string{"x"}}, "url"},
		{map[string]any{"url": "http://127.0.0.1:9", "eventTypes": []string{"x"}, "secret": "15 characters.."}, "secret"},
	} {
		answer := r.do(t, http.MethodPost, "/event-subscriptions", "", c.req)
		if message := answer.failed(t, http.StatusBadRequest, "validation_error"); !strings.Contains(message, c.part) {
			t.Errorf("%v: %q does not name %s", c.req, message, c.part)
		}
	}
	r.do(t, http.MethodGet, "/event-subscriptions/evsub_unknown", "", nil).failed(t, http.StatusNotFound, "not_found")
	r.do(t, http.MethodDelete, "/event-subscriptions/evsub_unknown", "", nil).failed(t, http.StatusNotFound, "not_found")
	for _, key := range []string{"", "another-key-of-somebody"} {
		nobody := &rail{base: r.base, key: key, http: r.http}
		nobody.do(t, http.MethodGet, "/event-subscriptions", "", nil).failed(t, http.StatusUnauthorized, "unauthorized")
		nobody.do(t, http.MethodPost, "/event-subscriptions", "", map[string]any{}).failed(t, http.StatusUnauthorized, "unauthorized")
	}
}

// Too much is a 429 that says when to come again.
func TestAgentRailContractRateLimited(t *testing.T) {
	begin(t)
	d := newDev(t)
	d.settings["POSTHASTE_MAX_EVENT_STREAMS_PER_TENANT"] = "1"
	d.up(t)
	r := &rail{base: d.subscriptions + "/v1", key: d.key, http: d.api.http}
	r.stream(t, "eventTypes=rail.limited", "")
	answer := r.do(t, http.MethodGet, "/task-events/stream?eventTypes=rail.limited", "", nil)
	answer.failed(t, http.StatusTooManyRequests, "rate_limited")
	if seconds, err := strconv.Atoi(answer.header.Get("Retry-After")); err != nil || seconds < 1 {
		t.Errorf("Retry-After is %q", answer.header.Get("Retry-After"))
	}
}
