package deploytest

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// allowed are licences that let the binary be given away under Apache-2.0, by a
// sentence that only they have.
var allowed = map[string]*regexp.Regexp{
	"Apache-2.0": regexp.MustCompile(`Apache License,? Version 2\.0`),
	"MIT":        regexp.MustCompile(`Permission is hereby granted, free of charge, to any person obtaining a copy`),
	"BSD":        regexp.MustCompile(`Redistribution and use in source and binary forms, with or without modification, are permitted`),
	"ISC":        regexp.MustCompile(`Permission to use, copy, modify, and(/or)? distribute this software for any purpose with or without fee is hereby granted`),
	"MPL-2.0":    regexp.MustCompile(`Mozilla Public License,? [Vv]ersion 2\.0`), // by file, and we change none
}

var copyleft = regexp.MustCompile(`GNU (AFFERO |LESSER |LIBRARY )?GENERAL PUBLIC LICENSE|Business Source License|Server Side Public License`)

// linked are the modules of which anything is in the binary: path and directory.
func linked(t *testing.T) map[string]string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", `{{with .Module}}{{.Path}} {{.Dir}}{{end}}`, "./cmd/posthaste")
	cmd.Dir = filepath.Join(root(t), "services")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	modules := make(map[string]string)
	for line := range strings.Lines(string(out)) {
		if path, dir, ok := strings.Cut(strings.TrimSpace(line), " "); ok && !strings.HasPrefix(path, "github.com/posthaste/") {
			modules[path] = dir
		}
	}
	return modules
}

// TestLicences reads the licence of every module that is linked in.
func TestLicences(t *testing.T) {
	t.Parallel()
	modules := linked(t)
	if len(modules) < 20 {
		t.Fatalf("only %d modules are linked in", len(modules))
	}
	for path, dir := range modules {
		if name, problem := licence(t, dir); problem != "" {
			t.Errorf("%s: %s", path, problem)
		} else {
			t.Logf("%-12s %s", name, path)
		}
	}
}

func licence(t *testing.T, dir string) (name, problem string) {
	t.Helper()
	for _, pattern := range []string{"LICEN[SC]E*", "COPYING*", "[Ll]icen[sc]e*"} {
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				continue // a directory
			}
			text = bytes.Join(bytes.Fields(text), []byte(" ")) // lines break anywhere
			if copyleft.Match(text) && !allowed["MPL-2.0"].Match(text) {
				return "", "is under a licence that asks for more than we give: " + filepath.Base(file)
			}
			for name, sentence := range allowed {
				if sentence.Match(text) {
					return name, ""
				}
			}
		}
	}
	return "", "has no licence that is known here; read it, and add it to allowed or drop the module"
}
