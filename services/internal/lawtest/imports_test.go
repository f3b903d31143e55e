package lawtest

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
)

const module = "github.com/posthaste/posthaste"

// separate are the services that talk through streams and never by import.
var separate = []string{"ingest", "router", "dispatcher", "control"}

// An offence is a breach of a law, at a line that can be clicked.
type offence struct {
	File   string
	Line   int
	Reason string
}

func (o offence) String() string { return fmt.Sprintf("%s:%d: %s", o.File, o.Line, o.Reason) }

// A use is one import in one file. File is relative to the repository.
type use struct {
	File   string
	Import string
}

// within says whether p is dir or lies below it; both with slashes.
func within(p, dir string) bool { return p == dir || strings.HasPrefix(p, dir+"/") }

// standard says whether the import is of the standard library: only others have a dot in their first element.
func standard(importPath string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	return !strings.Contains(first, ".")
}

// laws answer with what is wrong with a use, or with nothing.
var laws = []func(use) string{
	func(u use) string {
		for _, from := range separate {
			if !within(u.File, "services/"+from) {
				continue
			}
			for _, to := range separate {
				if to != from && within(u.Import, module+"/services/"+to) {
					return fmt.Sprintf("%s imports %s: services share through services/internal", from, to)
				}
			}
		}
		return ""
	},
	func(u use) string {
		if !within(u.File, "services") && within(u.Import, module+"/services") {
			return "only services may import services, not " + top(u.File)
		}
		return ""
	},
	func(u use) string {
		if within(u.File, "pkg/webhook") && !strings.HasSuffix(u.File, "_test.go") &&
			!standard(u.Import) && !within(u.Import, module+"/pkg/webhook") {
			return "pkg/webhook needs the standard library only, not " + u.Import
		}
		return ""
	},
	func(u use) string {
		if within(u.File, "proto") && !standard(u.Import) &&
			!within(u.Import, module+"/proto") && !within(u.Import, "google.golang.org/protobuf") {
			return "proto needs the protobuf runtime only, not " + u.Import
		}
		return ""
	},
	func(u use) string {
		const testbed = "services/internal/testbed"
		if within(u.Import, module+"/"+testbed) && !within(u.File, testbed) && !strings.HasSuffix(u.File, "_test.go") {
			return "only tests may import testbed, not " + u.File
		}
		return ""
	},
}

func top(file string) string {
	first, _, _ := strings.Cut(file, "/")
	return first
}

// skipDir says whether a directory holds nothing of ours. The dotted ones that do are named.
func skipDir(dir string) bool {
	name := path.Base(dir)
	switch {
	case dir == ".", dir == ".ci", dir == ".github":
		return false
	case strings.HasPrefix(name, "."), dir == "bin", name == "testdata", name == "node_modules", name == "vendor":
		return true
	}
	return false
}

// walk calls visit for each file of ours.
func walk(repo fs.FS, visit func(file string) error) error {
	return fs.WalkDir(repo, ".", func(p string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && skipDir(p):
			return fs.SkipDir
		case entry.Type().IsRegular():
			return visit(p)
		}
		return nil
	})
}

// checkImports holds all Go files of repo against the laws. It also returns how many files it read.
func checkImports(repo fs.FS) (offences []offence, files int, err error) {
	err = walk(repo, func(file string) error {
		if path.Ext(file) != ".go" {
			return nil
		}
		source, err := fs.ReadFile(repo, file)
		if err != nil {
			return err
		}
		files++
		set := token.NewFileSet()
		parsed, err := parser.ParseFile(set, file, source, parser.ImportsOnly)
		if err != nil {
			return fmt.Errorf("parse %s: %w", file, err)
		}
		for _, spec := range parsed.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return fmt.Errorf("parse %s: %w", file, err)
			}
			for _, law := range laws {
				if reason := law(use{file, imported}); reason != "" {
					offences = append(offences, offence{file, set.Position(spec.Pos()).Line, reason})
				}
			}
		}
		return nil
	})
	return offences, files, err
}

func repository() fs.FS { return os.DirFS("../../..") }

func TestImports(t *testing.T) {
	t.Parallel()
	offences, files, err := checkImports(repository())
	if err != nil {
		t.Fatal(err)
	}
	if files < 10 {
		t.Fatalf("read %d Go files: this is not the repository", files)
	}
	for _, o := range offences {
		t.Error(o)
	}
}

// A checker that finds nothing proves nothing until it has found something.
func TestImportsCanFail(t *testing.T) {
	t.Parallel()
	file := func(imports ...string) *fstest.MapFile {
		text := "package p\n\n"
		for _, p := range imports {
			text += "import _ " + strconv.Quote(p) + "\n"
		}
		return &fstest.MapFile{Data: []byte(text)}
	}
	repo := fstest.MapFS{
		// Offences.
		"services/router/a.go":         file("fmt", module+"/services/dispatcher/gate"),
		"services/control/a_test.go":   file(module + "/services/ingest"),
		"pkg/client/a.go":              file("context", "fmt", module+"/services/internal/bus"),
		"tools/a.go":                   file(module + "/services"),
		"pkg/webhook/a.go":             file("crypto/hmac", "github.com/nats-io/nats.go"),
		"pkg/webhook/deep/a.go":        file(module + "/proto/posthaste/v1"),
		"proto/posthaste/v1/a_test.go": file("google.golang.org/protobuf/proto", "google.golang.org/grpc"),
		"services/control/b.go":        file("testing", module+"/services/internal/testbed"),
		"services/cmd/bench/a.go":      file(module + "/services/internal/testbed/bustest"),
		// Lawful.
		"services/router/b.go":           file(module+"/services/router/match", module+"/services/internal/bus", module+"/pkg/webhook"),
		"services/routers/a.go":          file(module + "/services/ingest"), // only its name begins alike
		"services/allinone/a.go":         file(module+"/services/ingest", module+"/services/router"),
		"services/cmd/posthaste/main.go": file(module + "/services/control"),
		"pkg/webhook/a_test.go":          file("github.com/google/go-cmp/cmp"),
		"pkg/webhook/deep/b.go":          file(module + "/pkg/webhook"),
		"proto/posthaste/v1/a.go":        file("reflect", "google.golang.org/protobuf/reflect/protoreflect"),
		"pkg/client/testdata/a.go":       file(module + "/services"),
		"services/control/b_test.go":     file(module+"/services/internal/testbed", module+"/services/internal/testbed/bustest"),
		"services/internal/testbed/a.go": file(module + "/services/internal/testbed/deep"),
		"services/internal/bus/a.go":     file(module + "/services/internal/testbeds"), // only its name begins alike
	}
	offences, _, err := checkImports(repo)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, o := range offences {
		got = append(got, fmt.Sprintf("%s:%d", o.File, o.Line))
	}
	slices.Sort(got)
	want := []string{
		"pkg/client/a.go:5",
		"pkg/webhook/a.go:4",
		"pkg/webhook/deep/a.go:3",
		"proto/posthaste/v1/a_test.go:4",
		"services/cmd/bench/a.go:3",
		"services/control/a_test.go:3",
		"services/control/b.go:4",
		"services/router/a.go:4",
		"tools/a.go:3",
	}
	if !slices.Equal(got, want) {
		t.Errorf("offences at\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

func TestImportsReportsWhatItCannotRead(t *testing.T) {
	t.Parallel()
	_, _, err := checkImports(fstest.MapFS{"pkg/a.go": {Data: []byte("not Go")}})
	if err == nil || !strings.Contains(err.Error(), "pkg/a.go") {
		t.Errorf("got error %v, want one that names the file", err)
	}
}
