package dialect

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
)

// file is what dialects are read from.
type file struct {
	name    string
	data    []byte
	builtin bool
}

// entry is a dialect in a file, before and while it is resolved.
type entry struct {
	node    ast.Node
	file    *file
	name    string
	extends string
	parent  *entry // what it starts from, or nil
	state   state
	spec    spec
}

type state uint8

const (
	fresh state = iota
	underWay
	resolved
	faulty
)

// UnmarshalYAML keeps the node: what it means depends on other entries.
func (e *entry) UnmarshalYAML(node ast.Node) error {
	e.node = node
	return nil
}

// entries reads a file. Errors are *Fault.
func (f *file) entries() ([]*entry, error) {
	var doc, second document
	decoder := yaml.NewDecoder(bytes.NewReader(f.data), yaml.Strict())
	if err := decoder.Decode(&doc); err != nil && !errors.Is(err, io.EOF) {
		return nil, f.fault(nil, err)
	}
	if err := decoder.Decode(&second); !errors.Is(err, io.EOF) {
		return nil, &Fault{File: f.name, Problem: "has more than one YAML document; put all dialects under one dialects:"}
	}
	for _, e := range doc.Dialects {
		if e == nil || e.node == nil {
			return nil, &Fault{File: f.name, Field: "dialects", Problem: "has an empty entry; take it away"}
		}
		e.file = f
		if err := e.identify(); err != nil {
			return nil, err
		}
	}
	return doc.Dialects, nil
}

// identify reads name and extends, which order the rest.
func (e *entry) identify() error {
	var id struct {
		Name    string `yaml:"name"`
		Extends string `yaml:"extends"`
	}
	if err := yaml.NodeToValue(e.node, &id); err != nil {
		return e.file.fault(e, err)
	}
	e.name, e.extends = id.Name, id.Extends
	if problem := checkName(e.name); problem != "" {
		return &Fault{File: e.file.name, Line: e.line("name"), Field: "name", Problem: problem}
	}
	return nil
}

func checkName(name string) string {
	const form = "must have 1 to 64 lower-case letters, digits, - and _, with a letter first"
	if name == "" || len(name) > 64 || name[0] < 'a' || name[0] > 'z' {
		return form
	}
	for i := range len(name) {
		if c := name[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return form
		}
	}
	return ""
}

// line is that of a field, else of what it is a part of, else of the entry.
func (e *entry) line(field string) int {
	for field != "" {
		if line := lineOf(e.node, field); line > 0 {
			return line
		}
		field = field[:max(0, strings.LastIndexAny(field, ".["))]
	}
	return e.node.GetToken().Position.Line
}

// fault is a mistake in a field. Where the entry does not say it, it comes from
// what the entry extends; a built-in dialect is not to blame, nor to be edited.
func (e *entry) fault(field, format string, args ...any) *Fault {
	f := &Fault{File: e.file.name, Line: e.line(field), Dialect: e.name, Field: field, Problem: fmt.Sprintf(format, args...)}
	for from := e; from != nil && !from.file.builtin; from = from.parent {
		if line := lineOf(from.node, field); line > 0 {
			f.File, f.Line = from.file.name, line
			break
		}
	}
	return f
}

// decode reads the entry over what it starts from. The error is a *Fault.
func (e *entry) decode(base spec) error {
	e.spec = base
	e.spec.Headers, e.spec.EventTypes = nil, nil
	if err := yaml.NodeToValue(e.node, &e.spec, yaml.Strict()); err != nil {
		return e.file.fault(e, err)
	}
	e.spec = e.spec.over(base)
	return nil
}
