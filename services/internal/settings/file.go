package settings

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// readFile takes the settings out of the YAML file that where names.
func (t *table) readFile(where, path string) (map[string]statement, error) {
	data, err := readBounded(where, path, maxConfigBytes)
	if err != nil {
		return nil, err
	}
	return t.parseFile("file "+path, data)
}

// parseFile reads a flat map. Kept apart from reading the file for fuzzing.
func (t *table) parseFile(file string, data []byte) (map[string]statement, error) {
	// Duplicate keys are ours to refuse: the parser's message quotes the source.
	tree, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, notYAML(file, err)
	}
	said, lines := map[string]statement{}, map[string]int{}
	pairs, err := flatPairs(file, tree)
	if err != nil {
		return nil, err
	}
	for _, pair := range pairs {
		token := pair.Key.GetToken()
		key, line := token.Value, token.Position.Line
		where := fmt.Sprintf("%s line %d, key %s", file, line, key)
		if err := t.checkKey(where, key, lines); err != nil {
			return nil, err
		}
		lines[key] = line
		s, set, err := nodeStatement(where, pair.Value)
		if err != nil {
			return nil, err
		}
		if set {
			said[key] = s
		}
	}
	return said, nil
}

func (t *table) checkKey(where, key string, lines map[string]int) error {
	if key == configName {
		return fmt.Errorf("%s: a file cannot name another file, use flag --%s or environment %s",
			where, configName, envName(configName))
	}
	if t.owners[key] == nil {
		return unknown(where, nearest(key, t.names()))
	}
	if first, twice := lines[key]; twice {
		return fmt.Errorf("%s: the key is already in line %d, keep one of them", where, first)
	}
	return nil
}

func flatPairs(file string, tree *ast.File) (pairs []*ast.MappingValueNode, err error) {
	for _, doc := range tree.Docs {
		switch body := doc.Body.(type) {
		case nil, *ast.CommentGroupNode, *ast.NullNode:
		case *ast.MappingNode:
			pairs = append(pairs, body.Values...)
		case *ast.MappingValueNode:
			pairs = append(pairs, body)
		default:
			return nil, fmt.Errorf("%s line %d: expected lines such as max-event-bytes: 256KiB",
				file, body.GetToken().Position.Line)
		}
	}
	return pairs, nil
}

// nodeStatement reads a value as the text that the file has, so that the same
// parser reads flag, environment and file. Null counts as unset.
func nodeStatement(where string, node ast.Node) (s statement, set bool, err error) {
	if sequence, ok := node.(*ast.SequenceNode); ok {
		s = statement{where: where, list: true, texts: []string{}}
		for _, value := range sequence.Values {
			text, ok := scalarText(value)
			if !ok {
				return s, false, wrong(where, "an element", "a list of plain values")
			}
			s.texts = append(s.texts, text)
		}
		return s, true, nil
	}
	if _, null := node.(*ast.NullNode); null || node == nil {
		return s, false, nil
	}
	text, ok := scalarText(node)
	if !ok {
		return s, false, wrong(where, "the value", "a plain value or a list")
	}
	return statement{where: where, texts: []string{text}}, true, nil
}

func scalarText(node ast.Node) (text string, ok bool) {
	switch n := node.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	}
	return "", false
}

// syntaxMarks are what a message of the YAML parser may quote: its own syntax,
// never a character of the file, which may be one of a secret.
var syntaxMarks = strings.NewReplacer(`'['`, "", `']'`, "", `'{'`, "", `'}'`, "", `','`, "", `':'`, "")

// notYAML leaves out the source that the parser quotes: it may hold a secret.
func notYAML(file string, err error) error {
	var located yaml.Error
	if !errors.As(err, &located) || located.GetToken() == nil {
		return fmt.Errorf("%s: not valid YAML", file)
	}
	message := located.GetMessage()
	if strings.ContainsAny(syntaxMarks.Replace(message), "\"'`\n") {
		message = "the syntax is wrong"
	}
	return fmt.Errorf("%s line %d: not valid YAML, %s", file, located.GetToken().Position.Line, message)
}
