package cli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/posthaste/posthaste/services/internal/settings"
)

func TestCommands(t *testing.T) {
	t.Parallel()
	if err := settings.Check(Commands(Terminal{})); err != nil {
		t.Error(err)
	}
}

// TestKeyOfDev: without a key the file is read that posthaste dev keeps.
func TestKeyOfDev(t *testing.T) {
	t.Parallel()
	a := serveAPI(t, map[string]string{"GET /v1/event-subscriptions": `{"data":[]}`})
	for name, test := range map[string]struct{ text, err string }{
		"its key":   {testKey + "\n", ""},
		"empty":     {"\n", "does not hold a key"},
		"too large": {strings.Repeat("k", maxKeyFile+1), "does not hold a key"},
		"another":   {"k-wrong", "GET /v1/event-subscriptions: 401 unauthorized: The API key is not known."},
		"two lines": {"hush\nhush", "url \"" + a.URL + "\" or api-key: client: the API key must be printable ASCII without spaces, and not empty"},
	} {
		var out, errs bytes.Buffer
		terminal := Terminal{Out: &out, Err: &errs, KeyFile: writeFile(t, "api-key", test.text)}
		code := runTo(t.Context(), t, nil, terminal, "subscriptions", "--url="+a.URL)
		if (code == 0) != (test.err == "") || !strings.Contains(errs.String(), test.err) || strings.Contains(errs.String(), "hush") {
			t.Errorf("%s: %d %s", name, code, errs.String())
		}
	}
}

func TestNoKey(t *testing.T) {
	t.Parallel()
	for _, args := range []string{"send --type a --data 1", "subscriptions", "deliveries", "endpoints", "events", "events tail", "replay evsub_1", "keys", "listen --forward-to http://127.0.0.1:1/"} {
		got := runEnv(t, nil, "", strings.Fields(args)...)
		if got.code != 1 || got.out != "" || !strings.HasPrefix(got.err, "posthaste: api-key: is required; give --api-key or POSTHASTE_API_KEY, or work where posthaste dev keeps ") {
			t.Errorf("%s: %+v", args, got)
		}
	}
}

// TestRefused: what is wrong is said in one line, before anything is sent.
func TestRefused(t *testing.T) {
	t.Parallel()
	refusedAll(t, map[string]string{
		"sent":                                     `there is no command "sent", did you mean send?`,
		"send --type a":                            "setting data is not set, expected JSON, or a file of it by --data-file, with flag --data, environment POSTHASTE_DATA or file key data",
		"send --data 1":                            "setting type is not set, expected text, with flag --type, environment POSTHASTE_TYPE or file key type",
		"send --type a --data 1 --data-file f":     "data and data-file: both are set, expected one of them",
		`send --type a --data {"a":1,}`:            "data: is not JSON at line 1, column 8: invalid character '}' looking for beginning of object key string",
		`send --type a --data {"a":`:               "data: is not JSON at line 1, column 5: unexpected end of JSON input",
		"send --tipe a":                            "flag --tipe: there is no such setting, did you mean --type?",
		"subscriptions frobnicate":                 `argument <action>: "frobnicate" is wrong, expected one of list, get, create, enable, disable, delete, rotate, test`,
		"subscriptions get":                        "get: no id is given, expected one after it",
		"subscriptions list evsub_1":               `list: "evsub_1" is not expected, it takes no id`,
		"subscriptions create":                     "setting endpoint is not set, expected the URL of the endpoint, with flag --endpoint, environment POSTHASTE_ENDPOINT or file key endpoint",
		"subscriptions create x --endpoint http:x": `create: "x" is not expected, it takes no id`,
		"deliveries redeliver":                     "redeliver: no id is given, expected one after it",
		"deliveries --status lost":                 `flag --status: "lost" is wrong, expected waiting, delivered, failed or cancelled`,
		"deliveries --limit 0":                     `flag --limit: "0" is wrong, expected 1 or more`,
		"deliveries --since yesterday":             `flag --since: "yesterday" is wrong, expected ` + spanExpected,
		"deliveries --until=-2h":                   `flag --until: "-2h" is wrong, expected ` + spanExpected,
		"deliveries d1":                            `argument <action>: "d1" is wrong, expected one of list, get, redeliver`,
		"events --limit 0":                         `flag --limit: "0" is wrong, expected 1 or more`,
		"replay":                                   "replay: argument <subscription> is not given, expected text",
		"replay cancel":                            "cancel: no id is given, expected one after it",
		"replay evsub_1 x":                         `replay evsub_1: "x" is not expected, it takes no id`,
		"replay evsub_1 --only failed,lost":        `flag --only: "failed,lost" is wrong, expected failed, missed, or both`,
		"replay evsub_1 --rate=-1":                 `flag --rate: "-1" is wrong, expected 0 or more`,
		"keys create --scopes admin":               "setting name is not set, expected what the key is for, with flag --name, environment POSTHASTE_NAME or file key name",
		"keys create --name a":                     "setting scopes is not set, expected one or more of events:write, events:read, webhooks:read, webhooks:write, admin, with flag --scopes, environment POSTHASTE_SCOPES or file key scopes",
		"keys create --name a --scopes admin --operator --tenant b": "operator and tenant: both are set, expected one of them",
		"keys create --name a --scopes admin --expires-in=-1h":      `flag --expires-in: "-1h" is wrong, expected 1s or more`,
		"keys revoke":                        "revoke: no id is given, expected one after it",
		"keys list phk_1":                    `list: "phk_1" is not expected, it takes no id`,
		"keys rotate":                        `argument <action>: "rotate" is wrong, expected one of list, create, get, revoke`,
		"listen":                             "setting forward-to is not set, expected text, with flag --forward-to, environment POSTHASTE_FORWARD_TO or file key forward-to",
		"listen --forward-to localhost:3000": `flag --forward-to: "localhost:3000" is wrong, expected a URL such as http://localhost:3000/api/webhook`,
	})
}

func TestWebhookIsRefused(t *testing.T) {
	t.Parallel()
	refusedAll(t, map[string]string{
		"webhook test --url ftp://h/":                               `flag --endpoint: "ftp://h/" is wrong, expected a URL such as http://localhost:3000/api/webhook`,
		"webhook test --url http://u:hush@h/":                       "endpoint: must have no user or password",
		"webhook test --url http://h/ --timeout 0s":                 `flag --timeout: "0s" is wrong, expected 1ms or more`,
		"webhook test --url http://h/ --dialect nobody's":           `dialect: "nobody's" is not known; known are ["agentrail" "aicity" "github" "neiracore" "standard" "stripe"]`,
		"webhook test --url http://h/ --data 1 --data-file f":       "data and data-file: both are set, expected one of them",
		"webhook test --url http://h/ --data [":                     "data: is not JSON at line 1, column 1: unexpected end of JSON input",
		"webhook tset --url http://h/":                              `argument <action>: "tset" is wrong, expected one of test`,
		"webhook test --url http://h/ --dialects-file /nonexistent": "dialects-file: file /nonexistent cannot be read: no such file or directory",
	})
}

// refusedAll takes arguments, and what is said of them.
func refusedAll(t *testing.T, all map[string]string) {
	t.Helper()
	a := serveAPI(t, nil)
	for args, want := range all {
		got := run(t, a, "", strings.Fields(args)...)
		if got.code != 2 || got.out != "" || got.err != "posthaste: "+want+"\n" {
			t.Errorf("%s: %d %s%s", args, got.code, got.out, got.err)
		}
	}
	if asked := a.requests(); asked != nil {
		t.Errorf("asked %q", asked)
	}
}

func TestJSONPosition(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"{\n  \"a\": 1,\n  b\n}": "x: is not JSON at line 3, column 3: invalid character 'b' looking for beginning of object key string",
		"":                       "x: is not JSON at line 1, column 1: unexpected end of JSON input",
		"1 2":                    "x: is not JSON at line 1, column 3: invalid character '2' after top-level value",
		"\n\n":                   "x: is not JSON at line 2, column 1: unexpected end of JSON input",
	} {
		if err := checkJSON("x", []byte(text)); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	if err := checkJSON("x", []byte(` {"a":[1,null]} `)); err != nil {
		t.Error(err)
	}
}
