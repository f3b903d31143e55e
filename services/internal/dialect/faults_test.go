package dialect

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const known = "known are event.id, event.type, event.data, event.time, event.time.seconds, event.time.millis, event.time.unix, event.source, event.sequence, " +
	"trace.id, delivery.id, subscription.id, tenant, attempt.id, attempt.number, attempt.time.unix, event.attributes.<name>, event.data.<member>"

// faultsOf returns the lines of Load's error, without the directory.
func faultsOf(t *testing.T, text string) []string {
	t.Helper()
	config := Config{DialectsFile: write(t, text), DefaultDialect: Standard}
	err := config.Validate()
	if err == nil {
		return nil
	}
	var fault *Fault
	if !errors.As(err, &fault) || fault.File != config.DialectsFile {
		t.Errorf("no fault in %s: %v", config.DialectsFile, err)
	}
	message, ok := strings.CutPrefix(err.Error(), "dialects-file: ")
	if !ok {
		t.Errorf("the setting is not named: %v", err)
	}
	return strings.Split(strings.ReplaceAll(message, "file "+filepath.Dir(config.DialectsFile)+string(filepath.Separator)+"dialects.yaml", "file"), "\n")
}

// TestFileFaults is of what is wrong with a file as a whole.
func TestFileFaults(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"":                                  nil,
		"# nothing yet\n":                   nil,
		"dialects:\n":                       nil,
		"dialects: []\n":                    nil,
		"a: 1\n":                            {`file line 1: there is no field "a"; correct its spelling or take it away`},
		"- a\n":                             {"file line 1: must be a mapping"},
		"dialects: {}\n":                    {"file line 1: must be a sequence"},
		"dialects: [1]\n":                   {"file line 1: must be a mapping"},
		"dialects: [~]\n":                   {"file, field dialects: has an empty entry; take it away"},
		"dialects: [\n":                     {"file line 1: is no valid YAML: sequence end token ']' not found"},
		"dialects: []\n---\ndialects: []\n": {"file: has more than one YAML document; put all dialects under one dialects:"},
		"dialects:\n  - description: d\n":   {"file line 2, field name: must have 1 to 64 lower-case letters, digits, - and _, with a letter first"},
		"dialects:\n  - extends: github\n    name: 1x\n":                                          {"file line 3, field name: must have 1 to 64 lower-case letters, digits, - and _, with a letter first"},
		"dialects:\n  - name: x.y\n":                                                              {"file line 2, field name: must have 1 to 64 lower-case letters, digits, - and _, with a letter first"},
		"dialects:\n  - name: [x]\n":                                                              {"file line 2, field name: must be text; put it into quotes"},
		"dialects:\n  - name: x\n    name: y\n":                                                   {`file line 3: is no valid YAML: mapping key "name" already defined at [2:5]`},
		"dialects:\n  - name: x\n    description: *b\n":                                           {`file line 3: is no valid YAML: could not find alias "b"`},
		"dialects:\n  - name: x\n    extends: y\n":                                                {`file line 3, dialect x, field extends: no dialect is called "y"; known are agentrail, aicity, github, neiracore, standard, stripe`},
		"dialects:\n  - name: x\n    extends: x\n":                                                {"file line 3, dialect x, field extends: goes round in a circle; let one of them extend another dialect or none"},
		"dialects:\n- name: x\n  <<: {extends: x}\n":                                              {"file line 2, dialect x, field extends: goes round in a circle; let one of them extend another dialect or none"},
		"dialects:\n- {name: x, extends: y}\n- {name: y, extends: z}\n- {name: z, extends: x}\n":  {"file line 2, dialect x, field extends: goes round in a circle; let one of them extend another dialect or none"},
		"dialects:\n- {name: aicity, extends: y}\n- {name: y, extends: aicity}\n":                 {"file line 2, dialect aicity, field extends: goes round in a circle; let one of them extend another dialect or none"},
		"dialects:\n- {name: x, extends: github}\n- {name: x, extends: stripe}\n":                 {"file line 3, dialect x, field name: is already that of the dialect in line 2; keep one of them"},
		"dialects:\n- {name: x, extends: github, timeout: 1ms}\n- {name: y, extends: x}\n":        {"file line 2, dialect x, field timeout: must be a duration from 10ms to 10m, is \"1ms\"", "file line 2, dialect y, field timeout: must be a duration from 10ms to 10m, is \"1ms\""},
		"dialects:\n- {name: x, extends: github, retrys: 1}\n- {name: y, extends: x, timeout: 0}": {`file line 2, dialect x, field retrys: there is no field "retrys"; correct its spelling or take it away`},
		"dialects:\n  - name: x\n": {
			"file line 2, dialect x, field body: must have 1 to 16384 bytes, has 0; write a template such as '{\"type\":${event.type},\"data\":${event.data}}'",
			"file line 2, dialect x, field signature.header: is not set; name the header of the signature",
		},
	} {
		if diff := cmp.Diff(want, faultsOf(t, text)); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
}

// TestFieldFaults is of one field each, in an entry that is right otherwise.
// The field is in line 4, or in those that follow.
func TestFieldFaults(t *testing.T) {
	t.Parallel()
	const spot = " must stand alone where JSON has a value: without quotes around it, and not as a member's name"
	for text, want := range map[string]string{
		"retrys: 1":                   `line 4 retrys: there is no field "retrys"; correct its spelling or take it away`,
		"retry: {delay: [1s]}":        `line 4 retry.delay: there is no field "delay"; correct its spelling or take it away`,
		"retry: 5":                    "line 4 retry: must be a mapping",
		"retry: {delays: 10s}":        "line 4 retry.delays: must be a sequence",
		"retry: {delays: [10s, ten]}": `line 4 retry.delays[1]: must be a duration such as 10s, more than 0 and at most 720h, is "ten"`,
		"retry: {delays: [0s]}":       `line 4 retry.delays[0]: must be a duration such as 10s, more than 0 and at most 720h, is "0s"`,
		"retry: {delays: [721h]}":     `line 4 retry.delays[0]: must be a duration such as 10s, more than 0 and at most 720h, is "721h"`,
		"retry: {delays: [[1]]}":      "line 4 retry.delays[0]: must be text; put it into quotes",
		"retry:\n      delays: [" + strings.Repeat("1s,", 33) + "]": "line 5 retry.delays: must have at most 32 entries, has 33",
		"retry:\n      on: never":                                   `line 5 retry.on: must be one of any_failure, server_errors, is "never"`,
		"retry: {gone: x}":                                          `line 4 retry.gone: must be one of disable, retry, is "x"`,
		"disable_after: many":                                       "line 4 disable_after: must be a whole number",
		"disable_after: 1.5":                                        "line 4 disable_after: must be a whole number",
		"disable_after: 99999999999999999999":                       "line 4 disable_after: must be a whole number",
		"disable_after: -1":                                         "line 4 disable_after: must lie between 0, which is never, and 1000000, is -1",
		"timeout: 11m":                                              `line 4 timeout: must be a duration from 10ms to 10m, is "11m"`,
		"timeout: soon":                                             `line 4 timeout: must be a duration from 10ms to 10m, is "soon"`,
		"standard_headers: maybe":                                   "line 4 standard_headers: must be true or false",
		"duplicates: x":                                             `line 4 duplicates: must be one of insert, conflict, update, is "x"`,
		"types: x":                                                  `line 4 types: must be one of chosen, all, is "x"`,
		"https: x":                                                  `line 4 https: must be one of unless_allowed, always, is "x"`,
		"content_type: x y":                                         `line 4 content_type: must be a media type such as application/json, is "x y"`,
		`content_type: "application/json; a=\"\u00e9\""`:            `line 4 content_type: must be a media type such as application/json, is "application/json; a=\"é\""`,
		"ping: {type: 'a b'}":                                       `line 4 ping.type: character " " at byte 1, allowed are A-Z a-z 0-9 _ : / - and dots between`,
		"ping: {data: '{'}":                                         "line 4 ping.data: must be one JSON value, written as text in quotes",
		"ping: {data: {a: 1}}":                                      "line 4 ping.data: must be text; put it into quotes",
		"ping: {id_prefix: 'a.b'}":                                  `line 4 ping.id_prefix: must have 1 to 16 letters, digits, - and _, is "a.b"`,
		"ping: {id_prefix: ''}":                                     `line 4 ping.id_prefix: must have 1 to 16 letters, digits, - and _, is ""`,
		"body: {a: 1}":                                              "line 4 body: must be text; put it into quotes",
		"body: ''":                                                  "line 4 body: must have 1 to 16384 bytes, has 0; write a template such as '{\"type\":${event.type},\"data\":${event.data}}'",
		`body: '{"a":"${event.id}"}'`:                               "line 4 body: ${event.id} at byte 6" + spot,
		`body: '{"a":"x\${event.id}"}'`:                             "line 4 body: ${event.id} at byte 8" + spot,
		`body: '{"a":${event.id}x}'`:                                "line 4 body: ${event.id} at byte 5" + spot,
		`body: '${event.id}${event.sequence}'`:                      "line 4 body: must be one JSON value, and is several",
		`body: '{${event.id}:1}'`:                                   "line 4 body: ${event.id} at byte 1" + spot,
		`body: '{${tenant}:${tenant}}'`:                             "line 4 body: ${tenant} at byte 1" + spot,
		`body: '-${event.sequence}'`:                                "line 4 body: ${event.sequence} at byte 1" + spot,
		`body: '${event.id} ${event.id}'`:                           "line 4 body: must be one JSON value, and is several",
		`body: '{"a":${event.id}'`:                                  "line 4 body: is not JSON where a value stands for each placeholder: it ends too early",
		`body: '{"a":1,"a":2}'`:                                     "line 4 body: is not JSON where a value stands for each placeholder: duplicate object member name at byte 7",
		`body: '{"a":tru}'`:                                         "line 4 body: is not JSON where a value stands for each placeholder: invalid character '}' in literal true (expecting 'e') at byte 8",
		`body: '{"a":${event.foo}}'`:                                "line 4 body: placeholder ${event.foo} at byte 5: is not known; " + known,
		`body: '{"a":${event.id'`:                                   "line 4 body: the placeholder at byte 5 does not end; close it with }",
		`body: '{"a":${attempt.number}}'`:                           "line 4 body: has ${attempt.number}, but must be the same on every attempt; put it into a header",
		`body: '{"a":${attempt.id}}'`:                               "line 4 body: has ${attempt.id}, but must be the same on every attempt; put it into a header",
		`body: '{"a":${attempt.time.unix}}'`:                        "line 4 body: has ${attempt.time.unix}, but must be the same on every attempt; put it into a header",
		`body: '{"a":${event.id|1}}'`:                               "line 4 body: placeholder ${event.id} at byte 5: always has a value; take its default away",
		`body: '{"a":${event.source|x}}'`:                           `line 4 body: placeholder ${event.source} at byte 5: needs a JSON value after the bar, such as |0, |null or |"none": invalid character 'x' at start of value at byte 0`,
		`body: '{"a":${event.source|'`:                              `line 4 body: placeholder ${event.source} at byte 5: needs a JSON value after the bar, such as |0, |null or |"none": it ends too early`,
		`body: '{"a":${event.source|1 x}}'`:                         "line 4 body: placeholder ${event.source} at byte 5: does not end after its default; close it with }",
		`body: '{"a":${event.data.a.b}}'`:                           `line 4 body: placeholder ${event.data.a.b} at byte 5: must name a member of data's top level: printable ASCII without spaces and .|"\{}$`,
		`body: '{"a":${event.attributes.A}}'`:                       `line 4 body: placeholder ${event.attributes.A} at byte 5: attribute "A": an attribute's name has only lower-case letters and digits (CloudEvents 1.0, section 3.1)`,
		"headers: [a]":                                              "line 4 headers: must be a mapping",
		"headers: {X-A: 1}":                                         "line 4 headers.X-A: must be text; put it into quotes",
		"headers:\n      X-A: a\n      x-a: b":                      "line 6 headers.x-a: stands twice: names are compared without case; keep one of them",
		"headers: {webhook-id: a}":                                  "line 4 headers.webhook-id: is one of Standard Webhooks' own, which standard_headers is for; take it away",
		"headers: {Webhook-Extra: a}":                               "line 4 headers.Webhook-Extra: is one of Standard Webhooks' own, which standard_headers is for; take it away",
		"headers: {host: a}":                                        "line 4 headers.host: is written by Posthaste or belongs to the connection; take it away",
		"headers: {user-agent: a}":                                  "line 4 headers.user-agent: is written by Posthaste or belongs to the connection; take it away",
		"headers: {x-hub-signature-256: a}":                         "line 4 headers.x-hub-signature-256: is the header of the signature; take it away here",
		"headers: {X A: c}":                                         "line 4 headers.X A: is no header name; use letters, digits and -",
		`headers: {X-D: "a\nb"}`:                                    "line 4 headers.X-D: must be printable ASCII on one line",
		"headers: {X-E: ' a'}":                                      "line 4 headers.X-E: must have 1 to 1024 bytes, and no space at its ends",
		"headers: {X-E: ''}":                                        "line 4 headers.X-E: must have 1 to 1024 bytes, and no space at its ends",
		"headers: {X-F: '${event.data}'}":                           "line 4 headers.X-F: has ${event.data}, which is too large for a header; name a member, as in ${event.data.taskId}",
		"headers: {X-G: '${x}'}":                                    "line 4 headers.X-G: placeholder ${x} at byte 0: is not known; " + known,
		"headers: {" + manyHeaders() + "}":                          "line 4 headers: must have at most 32 entries, has 35",
		"signature: {header: webhook-signature}":                    "line 4 signature: webhook-signature is Standard Webhooks': set content: id.timestamp.body, encoding: base64, key: decoded, form: list and no prefix",
		"signature: {header: ''}":                                   "line 4 signature.header: is not set; name the header of the signature",
		"signature: {header: Host}":                                 "line 4 signature.header: is written by Posthaste or belongs to the connection; take it away",
		"signature: {content: all}":                                 `line 4 signature.content: must be one of body, timestamp.body, id.timestamp.body, is "all"`,
		"signature: {encoding: octal}":                              `line 4 signature.encoding: must be one of hex, base64, is "octal"`,
		"signature: {key: k}":                                       `line 4 signature.key: must be one of literal, decoded, is "k"`,
		"signature: {form: f}":                                      `line 4 signature.form: must be one of single, list, fields, is "f"`,
		"signature: {form: list}":                                   "line 4 signature.prefix: stands in form: single only; set it to ''",
		"signature: {form: fields, prefix: ''}":                     "line 4 signature.content: must be timestamp.body or id.timestamp.body in form: fields, which has the time",
		"signature: {prefix: 'sha256 = '}":                          "line 4 signature: Prefix: must be visible ASCII without spaces",
		"standard_headers: false\n    signature: {content: timestamp.body}":                                                                                       "line 5 signature.content: needs the time in a header: set standard_headers: true, or add a header that is ${attempt.time.unix}",
		"standard_headers: false\n    signature: {content: id.timestamp.body}\n    headers: {X-GitHub-Delivery: '${attempt.id}'}":                                 "line 5 signature.content: needs the id in a header: set standard_headers: true, or add a header that is ${delivery.id}",
		"standard_headers: false\n    signature: {header: Webhook-Signature, content: id.timestamp.body, encoding: base64, key: decoded, form: list, prefix: ''}": "line 4 standard_headers: must be true where the signature is webhook-signature",
		"secret: {min_length: 0}":                                      "line 4 secret: min_length and max_length must lie between 1 and 256, the first not above the second, are 0 and 256",
		"secret: {min_length: 9, max_length: 8}":                       "line 4 secret: min_length and max_length must lie between 1 and 256, the first not above the second, are 9 and 8",
		"secret: {max_length: 257}":                                    "line 4 secret: min_length and max_length must lie between 1 and 256, the first not above the second, are 1 and 257",
		"secret: {max_length: 20}":                                     "line 4 secret: the secrets that the server makes must have 1 to 20 characters, has 50; change the policy, or set from: caller",
		"secret: {algorithms: [ed25519, hmac_sha256]}":                 "line 4 secret.algorithms[0]: signs as Standard Webhooks does and not otherwise: take it away, or set the signature's content to id.timestamp.body, encoding to base64 and form to list",
		"secret: {algorithms: [rsa]}":                                  `line 4 secret.algorithms[0]: must be one of hmac_sha256, ed25519, is "rsa"`,
		"secret: {algorithms: []}":                                     "line 4 secret.algorithms: is empty; name hmac_sha256, ed25519 or both",
		"secret: {from: me}":                                           `line 4 secret.from: must be one of caller, server, either, is "me"`,
		"secret: {form: odd}":                                          `line 4 secret.form: must be one of any, standard, is "odd"`,
		"event_types: [{name: a b}]":                                   `line 4 event_types: type "a b": character " " at byte 1, allowed are A-Z a-z 0-9 _ : / - and dots between`,
		"event_types: [{name: b}, {name: b}]":                          `line 4 event_types: type "b": stands twice; keep one of them`,
		"event_types: [{name: b, example: '{'}]":                       `line 4 event_types: type "b": example must be one JSON value of at most 65536 bytes, written as text in quotes`,
		"event_types: [{name: b, deprecated: true, sunset: tomorrow}]": `line 4 event_types: type "b": sunset must be a date such as 2026-06-30, is "tomorrow"`,
		"event_types: [{name: b, sunset: 2026-06-30}]":                 `line 4 event_types: type "b": has a sunset; set deprecated: true as well`,
		"event_types: [{name: b, colour: c}]":                          `line 4 event_types[0].colour: there is no field "colour"; correct its spelling or take it away`,
	} {
		said := strings.SplitN(want, " ", 3) // line, its number, and the rest
		want = "file line " + said[1] + ", dialect x, field " + said[2]
		if got := strings.Join(faultsOf(t, "dialects:\n  - name: x\n    extends: github\n    "+text+"\n"), "\n"); got != want {
			t.Errorf("%s\ngot  %s\nwant %s", text, got, want)
		}
	}
}

// manyHeaders is as many as there may be; with those of github it is too many.
func manyHeaders() string {
	var b strings.Builder
	for i := range 33 {
		fmt.Fprintf(&b, "X-%d: a, ", i)
	}
	return b.String()
}

func TestFileCannotBeRead(t *testing.T) {
	t.Parallel()
	missing, large := filepath.Join(t.TempDir(), "none.yaml"), write(t, strings.Repeat("#", maxFileBytes+1))
	directory := t.TempDir()
	for want, config := range map[string]Config{
		"dialects-file: file " + missing + " cannot be read: no such file or directory":                           {DialectsFile: missing, DefaultDialect: Standard},
		"dialects-file: file " + directory + " cannot be read: is a directory":                                    {DialectsFile: directory, DefaultDialect: Standard},
		"dialects-file: file " + large + " is too large; it may have 1048576 bytes":                               {DialectsFile: large, DefaultDialect: Standard},
		`default-dialect: "slack" is not known; known are agentrail, aicity, github, neiracore, standard, stripe`: {DefaultDialect: "slack"},
	} {
		if err := config.Validate(); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}
