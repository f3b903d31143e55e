package settings

import (
	"strings"
	"testing"
)

// TestFlagAndEnvironmentProblems holds the whole line of each problem.
func TestFlagAndEnvironmentProblems(t *testing.T) {
	t.Parallel()
	const size = "expected a size such as 262144, 256KiB or 1MiB"
	for _, test := range []struct{ args, env, line string }{
		{"--max-event-bytes=lots", "", `flag --max-event-bytes: "lots" is wrong, ` + size},
		{"", "MAX_EVENT_BYTES=1KB", `environment POSTHASTE_MAX_EVENT_BYTES: "1KB" is wrong, ` + size},
		{"--max-event-bytes=1KiB", "MAX_EVENT_BYTES=-1", `environment POSTHASTE_MAX_EVENT_BYTES: "-1" is wrong, ` + size},
		{"--max-event-bytes", "", `flag --max-event-bytes: no value is given, ` + size},
		{"--max-event-bytes --debug", "", `flag --max-event-bytes: no value is given, ` + size + `, after = if it starts with a dash`},
		{"--queue -1", "", `flag --queue: no value is given, expected a whole number, after = if it starts with a dash`},
		{"--max-event-byte=1", "", `flag --max-event-byte: there is no such setting, did you mean --max-event-bytes?`},
		{"-addr=:1", "", `flag -a: there is no such setting, did you mean --addr?`},
		{"-z", "", `flag -z: there is no such setting`},
		{"--wholly-other", "", `flag --wholly-other: there is no such setting`},
		{"--attempts=3", "", `flag --attempts: not a setting of ingest, it belongs to send`},
		{"", "MAX_EVENT_BYTE=1", `environment POSTHASTE_MAX_EVENT_BYTE: there is no such setting, did you mean POSTHASTE_MAX_EVENT_BYTES?`},
		{"", "ATTEMPST=1", `environment POSTHASTE_ATTEMPST: there is no such setting, did you mean POSTHASTE_ATTEMPTS?`},
		{"", "QUITE_ANOTHER_THING=1", `environment POSTHASTE_QUITE_ANOTHER_THING: there is no such setting`},
		{"--timeout=15", "", `flag --timeout: "15" is wrong, expected a duration such as 500ms, 15s or 1h30m`},
		{"-t soon", "", `flag --timeout: "soon" is wrong, expected a duration such as 500ms, 15s or 1h30m`},
		{"--queue=9223372036854775808", "", `flag --queue: "9223372036854775808" is wrong, expected a whole number`},
		{"--burst=-1", "", `flag --burst: "-1" is wrong, expected a whole number, 0 or more`},
		{"--sample=NaN", "", `flag --sample: "NaN" is wrong, expected a number`},
		{"--debug=maybe", "", `flag --debug: "maybe" is wrong, expected true or false`},
		{"--no-debug=maybe", "", `flag --no-debug: a value is wrong, expected none`},
		{"--mode=lax", "", `flag --mode: "lax" is wrong, expected one of strict, loose`},
		{"--log-level=loud", "", `flag --log-level: "loud" is wrong, expected debug, info, warn or error`},
		{"", "TRUSTED=10.0.0.0/8,localhost", `environment POSTHASTE_TRUSTED: "localhost" is wrong, expected a list, each a network such as 10.0.0.0/8 or fd00::/8`},
		{"extra", "", `ingest: "extra" is not expected, a setting is said as --name=value`},
		{"--api-key top secret", "", `ingest: an argument is not expected, a setting is said as --name=value`},
		{"--workers=0", "", `flag --workers: "0" is wrong, expected 1 or more`},
		{"", "WORKERS=0", `environment POSTHASTE_WORKERS: "0" is wrong, expected 1 or more`},
		{"--queue=-1", "", `queue is negative; and that is odd`},
		{"--config=/none/x.yaml", "", `flag --config: cannot read file "/none/x.yaml": no such file or directory`},
		{"", "CONFIG=/none/x.yaml", `environment POSTHASTE_CONFIG: cannot read file "/none/x.yaml": no such file or directory`},
		{"", "API_KEY_FILE=/none/k", `environment POSTHASTE_API_KEY_FILE: cannot read file "/none/k": no such file or directory`},
		{"--api-key-file=k", "API_KEY=x", `environment POSTHASTE_API_KEY and flag --api-key-file: both are set, expected one of them`},
	} {
		t.Run(test.args+" "+test.env, func(t *testing.T) {
			t.Parallel()
			var env []string
			if test.env != "" {
				env = []string{EnvPrefix + test.env}
			}
			r := runWith(t, nil, env, append([]string{"ingest"}, strings.Fields(test.args)...)...)
			if r.code != 2 || r.stderr != "posthaste: "+test.line+"\n" || r.stdout != "" || r.ingest != nil {
				t.Errorf("code %d\ngot  %swant posthaste: %s", r.code, r.stderr, test.line)
			}
		})
	}
}

func TestMissing(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ args, line string }{
		{"f", `setting attempts is not set, expected a whole number, with flag --attempts, environment POSTHASTE_ATTEMPTS or file key attempts`},
		{"--attempts=1", `send: argument <file> is not given, expected text`},
	} {
		r := runWith(t, nil, nil, "send", test.args)
		if r.code != 2 || r.stderr != "posthaste: "+test.line+"\n" {
			t.Errorf("got %s", r.stderr)
		}
	}
}

// TestFileProblems holds the whole line of each problem after the file's name.
func TestFileProblems(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ text, line string }{
		{"addr: x\nmax-event-bytes: lots\n", ` line 2, key max-event-bytes: "lots" is wrong, expected a size such as 262144, 256KiB or 1MiB`},
		{"# first\n\nmax-event-byte: 1\n", ` line 3, key max-event-byte: there is no such setting, did you mean max-event-bytes?`},
		{"wholly-other: 1\n", ` line 1, key wholly-other: there is no such setting`},
		{"attempst: 1\n", ` line 1, key attempst: there is no such setting, did you mean attempts?`},
		{"addr: a\nworkers: 1\naddr: b\n", ` line 3, key addr: the key is already in line 1, keep one of them`},
		{"config: x\n", ` line 1, key config: a file cannot name another file, use flag --config or environment POSTHASTE_CONFIG`},
		{"workers: [1, 2]\n", ` line 1, key workers: a list is wrong, expected a whole number`},
		{"workers: {a: 1}\n", ` line 1, key workers: the value is wrong, expected a plain value or a list`},
		{"tags:\n  - {a: 1}\n", ` line 1, key tags: an element is wrong, expected a list of plain values`},
		{"timeout: 15\n", ` line 1, key timeout: "15" is wrong, expected a duration such as 500ms, 15s or 1h30m`},
		{"trusted:\n  - 10.0.0.0/8\n  - nowhere\n", ` line 1, key trusted: "nowhere" is wrong, expected a list, each a network such as 10.0.0.0/8 or fd00::/8`},
		{"workers: 0\n", ` line 1, key workers: "0" is wrong, expected 1 or more`},
		{"- addr\n", ` line 1: expected lines such as max-event-bytes: 256KiB`},
		{"just text\n", ` line 1: expected lines such as max-event-bytes: 256KiB`},
		{"addr: [a\n", ` line 1: not valid YAML, sequence end token ']' not found`},
		{"api-key: \"top-secret\n", ` line 1: not valid YAML, could not find end character of double-quoted text`},
	} {
		t.Run(test.text, func(t *testing.T) {
			t.Parallel()
			path := writeFile(t, test.text)
			r := runWith(t, nil, nil, "ingest", "--config", path)
			if want := "posthaste: file " + path + test.line + "\n"; r.code != 2 || r.stderr != want {
				t.Errorf("code %d\ngot  %swant %s", r.code, r.stderr, want)
			}
		})
	}
	path := writeFile(t, strings.Repeat("# long\n", maxConfigBytes/7+1))
	r := runWith(t, nil, nil, "ingest", "--config", path)
	if want := "posthaste: flag --config: file " + quoted(path) + " is too large, expected at most 1MiB\n"; r.stderr != want {
		t.Error(r.stderr)
	}
}

func TestOneLine(t *testing.T) {
	t.Parallel()
	if got := oneLine("a\r\n\nb\tc\x1b[0m"); got != "a; b c [0m" {
		t.Errorf("%q", got)
	}
	long := quoted(strings.Repeat("é", 200) + "\n")
	if len([]rune(long)) != longestShown+3 || !strings.HasSuffix(long, `…"`) {
		t.Errorf("%s", long)
	}
}
