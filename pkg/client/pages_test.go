package client_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/posthaste/posthaste/pkg/client"
)

// pager answers with the page of the cursor that the request names.
func pager(name string, pages map[string]string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, ok := pages[r.URL.Query().Get(name)]
		if !ok {
			answer(410, `{"error":{"code":"cursor_expired","message":"m"}}`)(w, r)
			return
		}
		answer(200, body)(w, r)
	}
}

func TestAllSubscriptions(t *testing.T) {
	t.Parallel()
	c := serve(t, pager("cursor", map[string]string{
		"": `{"data":[{"id":"a"},{"id":"b"}],"nextCursor":"b"}`, "b": `{"data":[{"id":"c"}]}`,
	}))
	var ids []string
	for sub, err := range c.EventSubscriptions.All(t.Context(), client.ListEventSubscriptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, sub.ID)
	}
	if strings.Join(ids, "") != "abc" {
		t.Error(ids)
	}
}

func TestAllDeliveries(t *testing.T) {
	t.Parallel()
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if q := r.URL.Query(); q.Get("status") != "failed" || q.Get("page") != "" && q.Get("cursor") != "" {
			t.Errorf("query %v", q)
		}
		pager("cursor", map[string]string{"": `{"data":[{"id":"a"}],"nextCursor":"1"}`, "1": `{"data":[{"id":"b"}]}`})(w, r)
	})
	var ids []string
	for d, err := range c.Deliveries.All(t.Context(), client.ListDeliveries{Status: client.DeliveryFailed, Page: 1}) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, d.ID)
	}
	if strings.Join(ids, "") != "ab" {
		t.Error(ids)
	}
}

// TestAllEvents: the last page has a cursor too, for what comes later.
func TestAllEvents(t *testing.T) {
	t.Parallel()
	c := serve(t, pager("after", map[string]string{
		"0": `{"data":[{"id":"a"}],"nextCursor":"1","hasMore":true}`, "1": `{"data":[{"id":"b"}],"nextCursor":"2","hasMore":false}`,
	}))
	var ids []string
	for e, err := range c.Events.All(t.Context(), client.ListEvents{After: "0"}) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, e.ID)
	}
	if strings.Join(ids, "") != "ab" {
		t.Error(ids)
	}
}

func TestPagesEndWithAnError(t *testing.T) {
	t.Parallel()
	for name, pages := range map[string]map[string]string{
		"refused":       {"": `{"data":[{"id":"a"}],"nextCursor":"gone"}`},
		"going nowhere": {"": `{"data":[{"id":"a"}],"nextCursor":"1"}`, "1": `{"data":[{"id":"b"}],"nextCursor":"1"}`},
	} {
		c := serve(t, pager("cursor", pages))
		var items, failures int
		for _, err := range c.EventSubscriptions.All(t.Context(), client.ListEventSubscriptions{}) {
			if err != nil {
				failures++
				continue
			}
			items++
		}
		if items != 1 || failures != 1 {
			t.Errorf("%s: %d items, %d failures", name, items, failures)
		}
	}
}

func TestPagesStop(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		answer(200, `{"data":[{"id":"a"},{"id":"b"}],"nextCursor":"b"}`)(w, r)
	})
	for _, err := range c.EventSubscriptions.All(t.Context(), client.ListEventSubscriptions{}) {
		if err != nil {
			t.Error(err)
		}
		break
	}
	if calls.Load() != 1 {
		t.Errorf("%d calls", calls.Load())
	}
}
