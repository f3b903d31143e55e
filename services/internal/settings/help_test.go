package settings

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

var update = flag.Bool("update", false, "write the golden files")

// golden compares with a file in testdata; go test -update writes it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs, run with -update and look at the change; got\n%s", path, got)
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][][]string{
		"overview.txt": {{"help"}, {"--help"}, {"-h"}, {"help", "--help"}},
		"ingest.txt":   {{"help", "ingest"}, {"ingest", "--help"}, {"ingest", "--no-such", "-h"}},
		"send.txt":     {{"help", "send"}, {"send", "--help"}},
	} {
		for _, a := range args {
			// A wrong environment must not stand in the way of help.
			r := runWith(t, nil, []string{"POSTHASTE_NO_SUCH=1"}, a...)
			if r.code != 0 || r.stderr != "" {
				t.Errorf("%q: %+v", a, r)
			}
			golden(t, name, r.stdout)
			for line := range strings.Lines(r.stdout) {
				if utf8.RuneCountInString(strings.TrimRight(line, "\n")) > helpWidth {
					t.Errorf("%q: too wide: %s", a, line)
				}
			}
		}
	}
}

func TestMarkdown(t *testing.T) {
	t.Parallel()
	text, err := Markdown(commandsFor(&result{}, nil))
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "configuration.md", text)
}

func TestSettings(t *testing.T) {
	t.Parallel()
	list, err := Settings(commandsFor(&result{}, nil)[0])
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]Setting{}
	for _, s := range list {
		byName[s.Name] = s
	}
	s := byName["max-event-bytes"]
	if s.Flag != "--max-event-bytes" || s.Env != "POSTHASTE_MAX_EVENT_BYTES" || s.Default != "256KiB" ||
		s.Unit != "bytes" || s.Group != "Limits" || s.Secret || s.Required || s.Help == "" {
		t.Errorf("%+v", s)
	}
	if s = byName["store-path"]; s.Env != "POSTHASTE_STORE_PATH" {
		t.Errorf("prefix: %+v", s)
	}
	if !byName["api-key"].Secret || !byName["pepper"].Secret || !byName["redis-url"].Secret {
		t.Error("secrets aren't marked")
	}
	if _, listed := byName["api-key-file"]; listed || list[len(list)-1].Name != "config" {
		t.Error("the file form of a secret is listed, or config isn't last")
	}
}
