package receivers

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	runLine = regexp.MustCompile(`(?m)^PORT=(\d+) (\w+)=\S+ node (\S+)$`)
	listens = regexp.MustCompile(`serve\(.*, "?(path|/[\w/]+)"?\);`)
	route   = regexp.MustCompile(`const path = "(.+)";`)
)

// README.md runs every receiver there is, with its variable, and delivers to where it listens.
func TestReadme(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for _, k := range kinds() {
		want = append(want, k.env+" "+k.script)
	}
	for _, line := range runLine.FindAllStringSubmatch(string(text), -1) {
		got = append(got, line[2]+" "+line[3])
		url := `"url":"http://127.0.0.1:` + line[1] + served(t, line[3]) + `"`
		if !strings.Contains(string(text), url) {
			t.Errorf("README.md runs %s and has no %s", line[3], url)
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("README.md runs %q, want %q", got, want)
	}
}

// served is the path that a script takes deliveries at.
func served(t *testing.T, script string) string {
	t.Helper()
	text, err := files.ReadFile(script)
	if err != nil {
		t.Fatal(err)
	}
	found := listens.FindSubmatch(text)
	if found == nil {
		t.Fatalf("%s does not say where it listens", script)
	}
	if path := route.FindSubmatch(text); path != nil {
		found = path
	}
	return string(found[1])
}
