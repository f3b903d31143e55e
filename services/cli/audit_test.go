package cli

import (
	"strings"
	"testing"
)

func booksJSON(missing, settled string) string {
	return `{"at":"2026-01-15T10:30:00Z","openedAt":"2026-01-15T10:00:00Z","events":{"accepted":9,"routed":8,"rejected":1,"waiting":{"pending":1,"inHand":0}},` +
		`"deliveries":{"made":7,"delivered":3,"failed":1,"cancelled":1,"waiting":2},"waiting":{"total":2,"lanes":{},"tiers":{"10s":2}},` +
		`"history":{"pending":0,"inHand":0},"missing":` + missing + `,"settled":` + settled + `,"uncounted":{"records":0,"events":0},"open":["1 events wait to be routed"]}`
}

func booksText(standing string) string {
	return "books      " + standing + `
opened     2026-01-15T10:00:00Z
events     9 accepted, 8 routed, 1 rejected
made       7
delivered  3
failed     1
cancelled  1
waiting    2
open       1 events wait to be routed
`
}

func TestAudit(t *testing.T) {
	t.Parallel()
	get := func(missing, settled string) map[string]string {
		return map[string]string{"GET /v1/audit": `{"data":` + booksJSON(missing, settled) + `}`}
	}
	asked := []string{"GET /v1/audit"}
	checkAll(t, map[string]verbTest{
		"balanced": {args: "audit", routes: get("0", "true"), asked: asked, want: result{out: booksText("balanced")}},
		"missing": {
			args: "audit", routes: get("2", "true"), asked: asked,
			want: result{code: 1, out: booksText("2 deliveries are missing"), err: "posthaste: deliveries are missing\n"},
		},
		"ended twice": {args: "audit", routes: get("-2", "true"), asked: asked, want: result{out: booksText("2 more than were made: some ended twice")}},
		"moving":      {args: "audit --within 0s", routes: get("5", "false"), asked: asked, want: result{out: booksText("moving; out by 5 at this moment")}},
		"JSON":        {args: "audit --json", routes: get("0", "true"), asked: asked, want: result{out: booksJSON("0", "true") + "\n"}},
		"opened anew": {args: "audit open", routes: map[string]string{"POST /v1/audit/open": `{"data":` + booksJSON("0", "true") + `}`}, asked: []string{"POST /v1/audit/open"}, want: result{out: booksText("balanced")}},
		"opened in motion": {
			args: "audit open --within 0s", routes: map[string]string{"POST /v1/audit/open": `409 {"error":{"code":"conflict","message":"Something moved.","details":{}}}`},
			asked: []string{"POST /v1/audit/open"}, want: result{code: 1, err: "posthaste: POST /v1/audit/open: 409 conflict: Something moved.\n"},
		},
		"not opened": {
			args: "audit", routes: map[string]string{"GET /v1/audit": `{"data":` + strings.Replace(booksJSON("0", "true"), `"2026-01-15T10:00:00Z"`, "null", 1) + `}`},
			asked: asked, want: result{out: strings.Replace(booksText("not opened yet"), "opened     2026-01-15T10:00:00Z\n", "", 1)},
		},
	})
}
