package lawtest

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"testing"
	"testing/fstest"
)

// machinePaths are places that exist on one machine only. The pieces are put
// together here so that this file is not its own offence.
var machinePaths = regexp.MustCompile(`(?:^|[^\w.\-])(/` + `work/|/tmp/` + `bash_jobs|/tmp/` + `tools\b|/root/` + `go\b|/(?:home|Users)/` + `[a-z][\w\-]*/)`)

var (
	textExts  = []string{".go", ".md", ".yml", ".yaml", ".proto", ".mod", ".work", ".sh", ".json", ".toml", ".conf", ".html", ".css", ".js"}
	textNames = []string{"Makefile", "Dockerfile", "NOTICE", ".gitignore", ".gitattributes", ".dockerignore", ".editorconfig"}
)

// isText says whether people read the file: what they read must be true on their machine too.
func isText(file string) bool {
	return slices.Contains(textExts, path.Ext(file)) || slices.Contains(textNames, path.Base(file)) || within(file, ".ci")
}

func checkWords(repo fs.FS) (offences []offence, err error) {
	err = walk(repo, func(file string) error {
		if !isText(file) {
			return nil
		}
		text, err := fs.ReadFile(repo, file)
		if err != nil {
			return err
		}
		for i, line := range bytes.Split(text, []byte("\n")) {
			if found := machinePaths.FindSubmatch(line); found != nil {
				offences = append(offences, offence{file, i + 1, fmt.Sprintf("%q exists on one machine only", found[1])})
			}
		}
		return nil
	})
	return offences, err
}

func TestWords(t *testing.T) {
	t.Parallel()
	offences, err := checkWords(repository())
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range offences {
		t.Error(o)
	}
}

func TestWordsCanFail(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"cd /" + "work/main":                      true,
		"see `/tmp/" + "bash_jobs.0`":             true,
		"GOBIN=/tmp/" + "tools":                   true,
		"/root/" + "go/pkg/mod":                   true,
		"/home/" + "someone/src":                  true,
		"/Users/" + "someone/src":                 true,
		"/root/.cache/go-build":                   false, // a path in an image
		"https://example.com/" + "work/1":         false,
		"services/" + "work/a.go":                 false,
		"GET /" + "workers/1":                     false,
		"/home/" + "${USER}/src":                  false,
		"mount it at /data, write only to /tmp/x": false,
	} {
		offences, err := checkWords(fstest.MapFS{"docs/a.md": {Data: []byte("first\n" + text + "\n")}})
		if err != nil {
			t.Fatal(err)
		}
		if got := len(offences) == 1 && offences[0].Line == 2; got != want {
			t.Errorf("%q is an offence on line 2: %t, want %t (%v)", text, got, want, offences)
		}
	}
}

func TestWordsReadsWhatPeopleRead(t *testing.T) {
	t.Parallel()
	bad := &fstest.MapFile{Data: []byte("/" + "work/")}
	for file, want := range map[string]int{
		"Makefile": 1, "deploy/Dockerfile": 1, ".ci/run": 1, ".github/workflows/ci.yml": 1, "a/b/c.go": 1, "proto/a.proto": 1, "go.work": 1,
		"bin/a.md": 0, ".git/a.md": 0, "a.png": 0, "a/node_modules/b.md": 0,
	} {
		offences, err := checkWords(fstest.MapFS{file: bad})
		if err != nil {
			t.Fatal(err)
		}
		if len(offences) != want {
			t.Errorf("%s: %d offences, want %d", file, len(offences), want)
		}
	}
}
