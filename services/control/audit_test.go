package control

import (
	"net/http"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/posthaste/posthaste/services/control/internal/rest"
	"github.com/posthaste/posthaste/services/internal/books"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/testbed"
)

type audited struct{ Data books.Books }

// The books are of the whole installation, and no tenant's business.
func TestAuditIsForOperators(t *testing.T) {
	t.Parallel()
	h := start(t)
	acme := call{"tenant-acme", rest.MediaJSON}
	h.as(t, acme, http.MethodGet, "/v1/audit", "").refused(t, http.StatusNotFound, "not_found")
	h.as(t, acme, http.MethodPost, "/v1/audit/open", "").refused(t, http.StatusNotFound, "not_found")
	h.publish(t, "acme", "task.created", "evt_1", `{}`)
	a := h.do(t, http.MethodGet, "/v1/audit", "")
	if a.Status != http.StatusOK {
		t.Fatalf("%d %s", a.Status, a.Text)
	}
	got := decoded[audited](t, a.Text).Data
	if got.Events.Accepted != 1 || got.Events.Waiting.Pending != 1 || !slices.Contains(got.Open, "1 events wait to be routed") {
		t.Errorf("%s", a.Text)
	}
}

// What moves cannot be opened, and what rests can.
func TestAuditIsOpenedAtRest(t *testing.T) {
	t.Parallel()
	h := start(t)
	testbed.Eventually(t, "the books are opened", func() bool {
		return decoded[audited](t, h.do(t, http.MethodGet, "/v1/audit", "").Text).Data.OpenedAt != nil
	})
	data, err := proto.Marshal(attempt("acme", "evsub_1", "dlv_1")) // which no account has
	if err == nil {
		_, err = h.bus.JS.Publish(t.Context(), bus.AttemptSubject("acme", "evsub_1"), data)
	}
	if err != nil {
		t.Fatal(err)
	}
	h.do(t, http.MethodPost, "/v1/audit/open", "").refused(t, http.StatusConflict, "conflict")
	testbed.Eventually(t, "the books are opened anew", func() bool {
		a := h.do(t, http.MethodPost, "/v1/audit/open", "")
		return a.Status == http.StatusOK && decoded[audited](t, a.Text).Data.Opened != ""
	})
}
