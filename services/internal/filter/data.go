package filter

import (
	"iter"

	"github.com/go-json-experiment/json/jsontext"
)

// Data is the data of one event, for any number of patterns. Nothing is read
// before a pattern asks, and then only the objects and arrays on its way, each
// once. Not safe for concurrent use. A nil Data is data that is no object.
type Data struct {
	top   node
	dec   *jsontext.Decoder
	known map[string]bool // path key → has, for what was asked
}

// NewData takes data as it was sent: one JSON value. It is kept, not copied.
func NewData(data []byte) *Data { return &Data{top: node{raw: data}} }

// at yields the scalars at the path, through objects, arrays of objects and
// nested arrays; repeats included.
func (d *Data) at(path []string) iter.Seq[scalar] {
	return func(yield func(scalar) bool) { d.scalars(d.root(), path, yield) }
}

// has says whether there is a scalar at the path.
func (d *Data) has(key string, path []string) bool {
	if d.root() == nil {
		return false
	}
	found, asked := d.known[key]
	if !asked {
		found = !d.scalars(d.root(), path, func(scalar) bool { return false })
		if d.known == nil {
			d.known = make(map[string]bool)
		}
		d.known[key] = found
	}
	return found
}

// root is nil where data is no object.
func (d *Data) root() *node {
	if d == nil || d.top.raw.Kind() != '{' {
		return nil
	}
	return &d.top
}

// scalars is false if yield stopped it.
func (d *Data) scalars(n *node, path []string, yield func(scalar) bool) bool {
	if n == nil {
		return true
	}
	switch n.raw.Kind() {
	case '[':
		for i := range d.elements(n) {
			if !d.scalars(&n.elements[i], path, yield) {
				return false
			}
		}
		return true
	case '{':
		return len(path) == 0 || d.scalars(d.member(n, path[0]), path[1:], yield)
	default:
		return len(path) > 0 || yield(n.scalar())
	}
}

// objects yields n or, if it is an array, the objects in it. It is false if
// yield stopped it.
func (d *Data) objects(n *node, yield func(*node) bool) bool {
	switch {
	case n == nil:
		return true
	case n.raw.Kind() == '{':
		return yield(n)
	case n.raw.Kind() == '[':
		for i := range d.elements(n) {
			if !d.objects(&n.elements[i], yield) {
				return false
			}
		}
	}
	return true
}
