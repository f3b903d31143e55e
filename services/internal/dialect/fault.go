package dialect

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// Fault is one mistake in a file of dialects. Config.Load joins all of them.
type Fault struct {
	File    string
	Line    int    // 0 where it is not known
	Dialect string // "" where the file itself is wrong
	Field   string // such as retry.delays[1], or ""
	Problem string // what is wrong and what to do
}

func (f *Fault) Error() string {
	var b strings.Builder
	b.WriteString("file " + f.File)
	if f.Line > 0 {
		b.WriteString(" line " + strconv.Itoa(f.Line))
	}
	if f.Dialect != "" {
		b.WriteString(", dialect " + f.Dialect)
	}
	if f.Field != "" {
		b.WriteString(", field " + f.Field)
	}
	return b.String() + ": " + f.Problem
}

// walk calls visit for each value below node until it says to stop. path is
// as people write it: retry.delays[1].
func walk(node ast.Node, path string, visit func(path string, key, value ast.Node) (more bool)) bool {
	switch n := node.(type) {
	case *ast.MappingNode:
		for _, pair := range n.Values {
			if !walk(pair, path, visit) {
				return false
			}
		}
	case *ast.MappingValueNode:
		name := strings.TrimPrefix(path+"."+n.Key.GetToken().Value, ".")
		return visit(name, n.Key, n.Value) && walk(n.Value, name, visit)
	case *ast.SequenceNode:
		for i, value := range n.Values {
			name := fmt.Sprintf("%s[%d]", path, i)
			if !visit(name, value, value) || !walk(value, name, visit) {
				return false
			}
		}
	}
	return true
}

// lineOf returns the line of a field, or 0 where the file does not say it.
func lineOf(node ast.Node, field string) (line int) {
	walk(node, "", func(path string, key, _ ast.Node) bool {
		if path == field {
			line = key.GetToken().Position.Line
		}
		return line == 0
	})
	return line
}

// fieldOf returns the field that a token of the file belongs to, or "".
func fieldOf(node ast.Node, t *token.Token) (field string) {
	walk(node, "", func(path string, key, value ast.Node) bool {
		if key.GetToken() == t || value.GetToken() == t {
			field = path
		}
		return field == ""
	})
	return field
}
