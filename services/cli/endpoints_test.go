package cli

import "testing"

const endpointJSON = `{"subscriptionId":"evsub_1","tenant":"acme","url":"https://e.x/","status":"disabled",` +
	`"counts":{"waiting":2,"delivered":5,"failed":10,"cancelled":4},"failureRate":0.6666666666666666}`

func TestEndpoints(t *testing.T) {
	t.Parallel()
	routes := map[string]string{"GET /v1/endpoints": `{"data":[` + endpointJSON + `]}`}
	table := `SUBSCRIPTION  TENANT  STATUS    FAILED  WAITING  DELIVERED  CANCELLED  FAILURES  ENDPOINT
evsub_1       acme    disabled  10      2        5          4          66.7%     https://e.x/
`
	checkAll(t, map[string]verbTest{
		"failed":   {args: "endpoints", routes: routes, asked: []string{"GET /v1/endpoints?limit=50&sort=failed"}, want: result{out: table}},
		"waiting":  {args: "endpoints waiting --limit 3 --tenant acme", routes: routes, asked: []string{"GET /v1/endpoints?limit=3&sort=waiting&tenant=acme"}, want: result{out: table}},
		"JSON":     {args: "endpoints --json", routes: routes, asked: []string{"GET /v1/endpoints?limit=50&sort=failed"}, want: result{out: endpointJSON + "\n"}},
		"too many": {args: "endpoints --limit 101", want: result{code: 2, err: "posthaste: flag --limit: \"101\" is wrong, expected 1 to 100\n"}},
	})
}
