package catalogue

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// form is a compiled JSON Schema. Safe for concurrent use: one check at a time,
// because the steps that it may take are counted in the schema.
type form struct {
	mu     sync.Mutex
	schema *jsonschema.Schema
	steps  int // left for the check that holds mu
}

// place is what a schema is called while it is compiled. It is no address, so
// nothing can be relative to it.
const place = "urn:posthaste:schema"

// maxParts bounds the time to compile a schema, which grows with the square of
// its parts: 2000 take about 50 ms.
const maxParts = 2000

// compile reads a JSON Schema of draft 2020-12, or of the draft that it names.
// What it refers to must be inside it. The error is a *Fault.
func compile(text []byte) (*form, error) {
	doc, err := decode("schema", text)
	if err != nil {
		return nil, err
	}
	if n := schemas(doc); n > maxParts {
		return nil, &Fault{Field: "schema", Problem: fmt.Sprintf("has %d parts, at most %d objects and booleans are allowed", n, maxParts)}
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.UseLoader(nil) // or it would read files
	c.UseRegexpEngine(compileRegexp)
	if err := c.AddResource(place, doc); err != nil {
		return nil, &Fault{Field: "schema", Problem: "cannot be read"}
	}
	compiled, err := c.Compile(place)
	if err != nil {
		return nil, schemaFault(doc, err)
	}
	f := &form{schema: compiled}
	if err := f.count(); err != nil {
		return nil, err
	}
	return f, nil
}

// schemaFault says where a schema is wrong.
func schemaFault(doc any, err error) error {
	var invalid *jsonschema.SchemaValidationError
	var remote *jsonschema.LoadURLError
	switch {
	case errors.As(err, &invalid):
		var why *jsonschema.ValidationError
		if errors.As(invalid.Err, &why) {
			return firstOf("schema", doc, why)
		}
	case errors.As(err, &remote):
		return &Fault{Field: "schema", Problem: fmt.Sprintf("refers to %.200q outside itself; put what it needs under $defs", remote.URL)}
	}
	return &Fault{Field: "schema", Problem: strings.ReplaceAll(fmt.Sprintf("is not a JSON Schema: %.300s", err), place, "")}
}

// schemas counts what may be a schema.
func schemas(v any) int {
	n := 0
	switch v := v.(type) {
	case bool:
		n = 1
	case []any:
		for _, item := range v {
			n += schemas(item)
		}
	case map[string]any:
		n = 1
		for _, item := range v {
			n += schemas(item)
		}
	}
	return n
}

// decode reads one JSON value whose numbers can be compared exactly at a
// bounded cost. The error is a *Fault under root.
func decode(root string, text []byte) (any, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, &Fault{Field: root, Problem: "is not one JSON value"}
	}
	if path, found := hugeNumber(doc); found {
		return nil, &Fault{Field: pathOf(root, doc, path), Problem: fmt.Sprintf("is a number of more than %d digits, or beyond 1e%d or 1e-%d", maxDigits, maxExponent, maxExponent)}
	}
	return doc, nil
}
