package dialect

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
)

// fault says an error of the YAML library in our words.
func (f *file) fault(e *entry, err error) *Fault {
	fault := &Fault{File: f.name, Problem: "is no valid YAML"}
	var located yaml.Error
	if !errors.As(err, &located) || located.GetToken() == nil {
		return fault
	}
	at := located.GetToken()
	fault.Line = at.Position.Line
	if e != nil {
		fault.Dialect, fault.Field = e.name, fieldOf(e.node, at)
	}
	fault.Problem = problem(located)
	return fault
}

func problem(err yaml.Error) string {
	var unknown *yaml.UnknownFieldError
	var typed *yaml.TypeError
	var node *yaml.UnexpectedNodeTypeError
	switch {
	case errors.As(err, &unknown):
		return fmt.Sprintf("there is no field %.64q; correct its spelling or take it away", unknown.Token.Value)
	case errors.As(err, &typed):
		return wanted(typed.DstType)
	case errors.As(err, &node):
		return "must be a " + node.Expected.YAMLName()
	default:
		return "is no valid YAML: " + err.GetMessage()
	}
}

// wanted says what a Go type asks of a file.
func wanted(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "must be text; put it into quotes"
	case reflect.Int:
		return "must be a whole number"
	case reflect.Bool:
		return "must be true or false"
	case reflect.Slice:
		return "must be a list"
	default:
		return "must be a mapping: lines of a name, a colon and a value"
	}
}

// count is a whole number. The library would take 1.5 for 1.
type count int

// UnmarshalYAML reads a number that is one.
func (c *count) UnmarshalYAML(node ast.Node) error {
	var n int
	if _, ok := node.(*ast.IntegerNode); ok && yaml.NodeToValue(node, &n) == nil {
		*c = count(n)
		return nil
	}
	return &yaml.TypeError{DstType: reflect.TypeFor[int](), SrcType: reflect.TypeFor[string](), Token: node.GetToken()}
}
