package cli

import (
	"strings"
	"testing"
)

func TestSend(t *testing.T) {
	t.Parallel()
	accepted := map[string]string{"POST /v1/events": `202 {"data":[{"id":"e1","duplicate":false}]}`}
	asked := []string{`POST /v1/events {"id":"e1","type":"task.created","data":{"a":1.0,"b":"<"}}`}
	checkAll(t, map[string]verbTest{
		"data":           {args: `send --type task.created --id e1 --data {"a":1.0,"b":"<"}`, routes: accepted, asked: asked, want: result{out: "e1\n"}},
		"standard input": {args: `send --type task.created --id e1 --data-file -`, stdin: "{\n \"a\": 1.0,\n \"b\": \"<\" }\n", routes: accepted, asked: asked, want: result{out: "e1\n"}},
		"JSON":           {args: `send --json --type task.created --id e1 --data {"a":1.0,"b":"<"}`, routes: accepted, asked: asked, want: result{out: `{"id":"e1","duplicate":false}` + "\n"}},
		"a tenant": {
			args: `send --tenant acme --type a --id e1 --data null`, routes: accepted, want: result{out: "e1\n"},
			asked: []string{`POST /v1/events?tenant=acme {"id":"e1","type":"a","data":null,"tenant":"acme"}`},
		},
		"remarks": {
			args: `send --type a --id e1 --data 1`, asked: []string{`POST /v1/events {"id":"e1","type":"a","data":1}`},
			routes: map[string]string{"POST /v1/events": `202 {"data":[{"id":"e1","duplicate":true}],"warnings":[{"id":"e1","type":"a","message":"type a is deprecated"}]}`},
			want:   result{out: "e1\n", err: "warning: type a is deprecated\nthe event was stored before; nothing was added\n"},
		},
		"bad input": {
			args: `send --type a --data-file -`, stdin: "{\n  a }",
			want: result{code: 1, err: "posthaste: data-file: standard input: is not JSON at line 2, column 3: invalid character 'a' looking for beginning of object key string\n"},
		},
		"no file": {args: `send --type a --data-file /nonexistent/f`, want: result{code: 1, err: "posthaste: data-file: open /nonexistent/f: no such file or directory\n"}},
	})
}

func TestSendFile(t *testing.T) {
	t.Parallel()
	a := serveAPI(t, map[string]string{"POST /v1/events": `202 {"data":[{"id":"e1","duplicate":false}]}`})
	got := run(t, a, "", "send", "--type=a", "--id=e1", "--data-file", writeFile(t, "data.json", "[1]\n"))
	if got != (result{out: "e1\n"}) || a.requests()[0] != `POST /v1/events {"id":"e1","type":"a","data":[1]}` {
		t.Errorf("%+v %q", got, a.requests())
	}
}

const (
	subJSON = `{"id":"evsub_1","tenant":"acme","url":"https://e.x/","eventTypes":["task.*","a"],"filters":{"taskIds":["t1"]},"description":"d","dialect":"standard",` +
		`"status":"active","signingAlgorithm":"hmac_sha256","retryPolicy":{"maxAttempts":4,"initialBackoffSeconds":10,"maxBackoffSeconds":300,"delays":["10s"]},` +
		`"failCount":2,"timeout":"10s","disableAfter":10,"rateLimit":{"deliveries":90,"per":"1m0s"},"contentType":"application/json","secretPrefix":"whsec_abcdef",` +
		`"createdAt":"2026-01-15T10:30:00Z","updatedAt":"2026-01-15T10:30:00Z"}`
	subText = `id                  evsub_1
tenant              acme
endpoint            https://e.x/
status              active
types               task.*,a
tasks               t1
dialect             standard
description         d
failed in a row     2
disabled after      10
attempts            4
timeout             10s
at most             90 deliveries in 1m0s
secret begins with  whsec_abcdef
created             2026-01-15T10:30:00Z
`
)

func TestSubscriptions(t *testing.T) {
	t.Parallel()
	one := `{"data":` + subJSON + `,"availableActions":[]}`
	made := strings.Replace(one, `"secretPrefix"`, `"secret":"whsec_new","secretPrefix"`, 1)
	madeText := strings.Replace(subText, "secret begins", "secret              whsec_new\nsecret begins", 1)
	pages := map[string]string{"GET /v1/event-subscriptions": `{"data":[` + subJSON + `,{"id":"evsub_20","status":"disabled","dialect":"aicity","eventTypes":["*"],"url":"http://\u001b[31mx/"}]}`}
	checkAll(t, map[string]verbTest{
		"list": {
			args: "subscriptions", routes: pages, asked: []string{"GET /v1/event-subscriptions"},
			want: result{out: "ID        STATUS    DIALECT   TYPES     FAILED  ENDPOINT\nevsub_1   active    standard  task.*,a  2       https://e.x/\nevsub_20  disabled  aicity    *         ?       http://·[31mx/\n"},
		},
		"list of none": {
			args: "subscriptions list", routes: map[string]string{"GET /v1/event-subscriptions": `{"data":[]}`}, asked: []string{"GET /v1/event-subscriptions"},
			want: result{out: "ID  STATUS  DIALECT  TYPES  FAILED  ENDPOINT\n"},
		},
		"list as JSON": {
			args: "subscriptions list --json", routes: map[string]string{"GET /v1/event-subscriptions": `{"data":[` + subJSON + `,` + subJSON + `]}`},
			asked: []string{"GET /v1/event-subscriptions"}, want: result{out: subJSON + "\n" + subJSON + "\n"},
		},
		"get": {args: "subscriptions get evsub_1", routes: map[string]string{"GET /v1/event-subscriptions/evsub_1": one}, asked: []string{"GET /v1/event-subscriptions/evsub_1"}, want: result{out: subText}},
		"get of none": {
			args: "subscriptions get evsub_2", asked: []string{"GET /v1/event-subscriptions/evsub_2"},
			routes: map[string]string{"GET /v1/event-subscriptions/{id}": `404 {"error":{"code":"not_found","message":"There is no such subscription.","details":{}}}`},
			want:   result{code: 1, err: "posthaste: GET /v1/event-subscriptions/evsub_2: 404 not_found: There is no such subscription.\n"},
		},
		"create": {
			args:   "subscriptions create --endpoint https://e.x/ --types task.*,a --dialect standard --description d --secret whsec_mine",
			routes: map[string]string{"POST /v1/event-subscriptions": made}, want: result{out: madeText},
			asked: []string{`POST /v1/event-subscriptions {"url":"https://e.x/","eventTypes":["task.*","a"],"secret":"whsec_mine","description":"d","dialect":"standard"}`},
		},
		"create the least": {
			args: "subscriptions create --endpoint https://e.x/", routes: map[string]string{"POST /v1/event-subscriptions": made}, want: result{out: madeText},
			asked: []string{`POST /v1/event-subscriptions {"url":"https://e.x/","eventTypes":["*"]}`},
		},
		"disable": {
			args: "subscriptions disable evsub_1", routes: map[string]string{"POST /v1/event-subscriptions/evsub_1/disable": one},
			asked: []string{"POST /v1/event-subscriptions/evsub_1/disable"}, want: result{out: subText},
		},
		"rotate": {
			args: "subscriptions rotate evsub_1", routes: map[string]string{"POST /v1/event-subscriptions/evsub_1/rotate-secret": made},
			asked: []string{"POST /v1/event-subscriptions/evsub_1/rotate-secret {}"}, want: result{out: madeText},
		},
		"delete": {
			args: "subscriptions delete evsub_1", routes: map[string]string{"DELETE /v1/event-subscriptions/evsub_1": "202 " + one},
			asked: []string{"DELETE /v1/event-subscriptions/evsub_1"}, want: result{out: "evsub_1 is deleted\n"},
		},
		"enable": {
			args:   "subscriptions enable evsub_1",
			routes: map[string]string{"POST /v1/event-subscriptions/evsub_1/enable": `{"data":` + subJSON + `,"missed":{"events":3,"complete":false,"since":"2026-01-14T00:00:00Z","until":"2026-01-15T00:00:00.001Z"}}`},
			asked:  []string{"POST /v1/event-subscriptions/evsub_1/enable"},
			want: result{
				out: subText,
				err: "events that came while it was disabled: 3 or more. Deliver them with:\n  posthaste replay evsub_1 --only missed --since 2026-01-14T00:00:00Z --until 2026-01-15T00:00:00.001Z\n",
			},
		},
		"test": {
			args:   "subscriptions test evsub_1",
			routes: map[string]string{"POST /v1/event-subscriptions/evsub_1/test": `{"data":{"success":true,"status":200,"body":"ok","durationMs":1.25,"deliveryId":"ping_1","reason":"delivered"}}`},
			asked:  []string{"POST /v1/event-subscriptions/evsub_1/test"},
			want:   result{out: "status    200\nreason    delivered\nduration  1.2 ms\ndelivery  ping_1\nanswer    ok\n"},
		},
		"test that fails": {
			args:   "subscriptions test evsub_1 --json",
			routes: map[string]string{"POST /v1/event-subscriptions/evsub_1/test": `{"data":{"success":false,"status":null,"body":"","durationMs":0,"reason":"timeout","error":"slow"}}`},
			asked:  []string{"POST /v1/event-subscriptions/evsub_1/test"},
			want:   result{code: 1, out: `{"success":false,"status":null,"body":"","durationMs":0,"reason":"timeout","error":"slow"}` + "\n", err: "posthaste: the test failed\n"},
		},
	})
}

func TestEvents(t *testing.T) {
	t.Parallel()
	first := `{"id":"e1","type":"a","timestamp":"2026-01-15T10:30:00Z","data":{"n":1},"tenant":"default","sequence":1}`
	second := `{"id":"e2","type":"b.long","timestamp":"2026-01-15T10:30:00Z","data":"` + strings.Repeat("x", 200) + `","tenant":"default","sequence":2}`
	routes := map[string]string{"GET /v1/events": `{"data":[` + first + `,` + second + `],"nextCursor":"c2","hasMore":false}`}
	checkAll(t, map[string]verbTest{
		"list": {
			args: "events --types a,b.* --cursor c0", routes: routes, asked: []string{"GET /v1/events?after=c0&limit=50&types=a%2Cb.%2A"},
			want: result{out: "TIME                  TYPE    ID  DATA\n2026-01-15T10:30:00Z  a       e1  {\"n\":1}\n2026-01-15T10:30:00Z  b.long  e2  \"" + strings.Repeat("x", 99) + "…\n"},
		},
		"one as JSON": {args: "events list --limit 1 --json", routes: routes, asked: []string{"GET /v1/events?limit=1"}, want: result{out: first + "\n"}},
		"expired": {
			args: "events --cursor c0", asked: []string{"GET /v1/events?after=c0&limit=50"},
			routes: map[string]string{"GET /v1/events": `410 {"error":{"code":"cursor_expired","message":"The cursor has expired.","details":{}}}`},
			want:   result{code: 1, err: "posthaste: GET /v1/events: 410 cursor_expired: The cursor has expired.\n"},
		},
	})
}

func TestDeliveries(t *testing.T) {
	t.Parallel()
	const delivery = `{"id":"d1","subscriptionId":"evsub_1","tenant":"acme","eventId":"e1","eventType":"a","status":"failed","attempts":2,"responseStatus":500,` +
		`"reason":"server_error","error":"500","url":"https://e.x/","createdAt":"2026-01-15T10:30:00Z","firstAttemptAt":null,"lastAttemptAt":"2026-01-15T10:30:10Z","durationMs":3.5,"test":false`
	const attempts = `,"attemptLog":[{"number":1,"posted":true,"startedAt":"2026-01-15T10:30:00Z","durationMs":3.5,"responseStatus":null,"reason":"timeout","error":"slow"},` +
		`{"number":1,"round":"red_1","posted":true,"startedAt":"2026-01-15T10:30:10Z","durationMs":4,"responseStatus":500,"reason":"server_error"},` +
		`{"number":1,"round":"red_1","posted":false,"startedAt":"2026-01-15T10:30:11Z","durationMs":0,"responseStatus":null,"reason":"subscription_removed","outcome":"cancelled"}]`
	list := map[string]string{"GET /v1/deliveries": `{"data":[` + delivery + `}],"pagination":{"page":1,"pageSize":50,"total":1,"totalPages":1}}`}
	checkAll(t, map[string]verbTest{
		"list": {
			args: "deliveries --status failed --subscription evsub_1 --type a --event e1 --since 2h --until 2026-01-15T10:00:00+01:00 --tests --limit 7", routes: list,
			asked: []string{"GET /v1/deliveries?eventId=e1&eventType=a&pageSize=7&since=2026-01-15T08%3A30%3A00Z&status=failed&subscription=evsub_1&tests=true&until=2026-01-15T09%3A00%3A00Z"},
			want:  result{out: "ID  STATUS  TYPE  SUBSCRIPTION  ATTEMPTS  ANSWER  REASON        LAST ATTEMPT\nd1  failed  a     evsub_1       2         500     server_error  2026-01-15T10:30:10Z\n"},
		},
		"as JSON": {args: "deliveries --json", routes: list, asked: []string{"GET /v1/deliveries?pageSize=50"}, want: result{out: delivery + "}\n"}},
		"get": {
			args: "deliveries get d1", routes: map[string]string{"GET /v1/deliveries/d1": `{"data":` + delivery + attempts + `}}`}, asked: []string{"GET /v1/deliveries/d1"},
			want: result{out: `id            d1
status        failed
event         e1 a
subscription  evsub_1
endpoint      https://e.x/
reason        server_error
error         500
created       2026-01-15T10:30:00Z

ATTEMPT  ROUND  AT                    TOOK    ANSWER  REASON                ERROR
1               2026-01-15T10:30:00Z  3.5 ms  -       timeout               slow
1        red_1  2026-01-15T10:30:10Z  4.0 ms  500     server_error          
-        red_1  2026-01-15T10:30:11Z  0.0 ms  -       subscription_removed  
`},
		},
		"redeliver": {
			args: "deliveries redeliver d1", routes: map[string]string{"POST /v1/deliveries/d1/redeliver": `202 {"data":{"deliveryId":"d1","round":"r1"}}`},
			asked: []string{"POST /v1/deliveries/d1/redeliver"}, want: result{out: "d1 is delivered again, round r1\n"},
		},
		"redeliver to a disabled one": {
			args: "deliveries redeliver d1", routes: map[string]string{"POST /v1/deliveries/d1/redeliver": `409 {"error":{"code":"conflict","message":"The subscription is disabled.","details":{}}}`},
			asked: []string{"POST /v1/deliveries/d1/redeliver"}, want: result{code: 1, err: "posthaste: POST /v1/deliveries/d1/redeliver: 409 conflict: The subscription is disabled.\n"},
		},
	})
}
