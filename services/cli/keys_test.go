package cli

import "testing"

const (
	keyJSON = `{"id":"phk_1","name":"billing","tenant":"acme","scopes":["events:write","admin"],"rateLimit":{"requestsPerSecond":2.5,"burst":5},` +
		`"createdAt":"2026-01-15T10:30:00Z","expiresAt":"2026-02-14T10:30:00Z"}`
	keyText = `tenant   acme
name     billing
scopes   events:write,admin
rate     2.5/s, 5 at once
created  2026-01-15T10:30:00Z
expires  2026-02-14T10:30:00Z
`
	operatorJSON = `{"id":"phk_2","key":"phk_2_SECRET","name":"ops","operator":true,"scopes":["admin"],"rateLimit":{"requestsPerSecond":0},"createdAt":"2026-01-15T10:30:00Z"}`
	operatorText = `id       phk_2
key      phk_2_SECRET
tenant   *
name     ops
scopes   admin
rate     no limit
created  2026-01-15T10:30:00Z
`
	once = "the key is shown this once\n"
)

func TestKeys(t *testing.T) {
	t.Parallel()
	list := map[string]string{"GET /v1/api-keys": `{"data":[` + keyJSON + `,` + operatorJSON + `]}`}
	checkAll(t, map[string]verbTest{
		"list": {
			args: "keys --tenant acme", routes: list, asked: []string{"GET /v1/api-keys?tenant=acme"},
			want: result{out: "ID     TENANT  NAME     SCOPES              CREATED               EXPIRES               LAST USED\n" +
				"phk_1  acme    billing  events:write,admin  2026-01-15T10:30:00Z  2026-02-14T10:30:00Z  \n" +
				"phk_2  *       ops      admin               2026-01-15T10:30:00Z                        \n"},
		},
		"list of operators": {
			args: "keys list --operator --json", routes: map[string]string{"GET /v1/api-keys": `{"data":[` + keyJSON + `]}`},
			asked: []string{"GET /v1/api-keys?operator=true"}, want: result{out: keyJSON + "\n"},
		},
		"get": {
			args: "keys get phk_1", routes: map[string]string{"GET /v1/api-keys/phk_1": `{"data":` + keyJSON + `}`},
			asked: []string{"GET /v1/api-keys/phk_1"}, want: result{out: "id       phk_1\n" + keyText},
		},
		"create": {
			args:   "keys create --name billing --scopes events:write,admin --expires-in 720h --tenant acme --json",
			routes: map[string]string{"POST /v1/api-keys": `{"data":` + operatorJSON + `}`}, want: result{out: operatorJSON + "\n", err: once},
			asked: []string{`POST /v1/api-keys?tenant=acme {"name":"billing","scopes":["events:write","admin"],"expiresAt":"2026-02-14T10:30:00Z"}`},
		},
		"create an operator's": {
			args: "keys create --name ops --description d --scopes admin --operator", routes: map[string]string{"POST /v1/api-keys": `{"data":` + operatorJSON + `}`},
			asked: []string{`POST /v1/api-keys {"name":"ops","description":"d","scopes":["admin"],"operator":true}`}, want: result{out: operatorText, err: once},
		},
		"revoke": {
			args: "keys revoke phk_1", routes: map[string]string{"DELETE /v1/api-keys/phk_1": `{"data":` + keyJSON + `}`},
			asked: []string{"DELETE /v1/api-keys/phk_1"}, want: result{out: "phk_1 is revoked\n"},
		},
		"revoke of none": {
			args: "keys revoke phk_3", routes: map[string]string{"DELETE /v1/api-keys/{id}": `404 {"error":{"code":"not_found","message":"There is no such API key.","details":{}}}`},
			asked: []string{"DELETE /v1/api-keys/phk_3"}, want: result{code: 1, err: "posthaste: DELETE /v1/api-keys/phk_3: 404 not_found: There is no such API key.\n"},
		},
	})
}
