package filter

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

// node is a value in the data, read as far as somebody asked.
type node struct {
	raw      jsontext.Value
	read     bool
	members  map[string]*node
	elements []node
	value    scalar
}

func (n *node) scalar() scalar {
	if !n.read {
		n.read, n.value = true, scalarOf(n.raw)
	}
	return n.value
}

// member is nil where the object has none of that name, or n is nil.
func (d *Data) member(n *node, name string) *node {
	if n == nil {
		return nil
	}
	if !n.read {
		n.read, n.members = true, d.readObject(n.raw)
	}
	return n.members[name]
}

func (d *Data) elements(n *node) []node {
	if !n.read {
		n.read, n.elements = true, d.readArray(n.raw)
	}
	return n.elements
}

// readObject splits an object into its members. The event was checked when it
// came in; an object that cannot be read has none.
func (d *Data) readObject(raw jsontext.Value) map[string]*node {
	d.open(raw)
	members := make(map[string]*node)
	for d.dec.PeekKind() == '"' {
		token, err := d.dec.ReadToken()
		if err != nil {
			return nil
		}
		name := token.String()
		value, err := d.value(raw)
		if err != nil {
			return nil
		}
		members[name] = &node{raw: value}
	}
	if d.dec.PeekKind() != '}' {
		return nil
	}
	return members
}

func (d *Data) readArray(raw jsontext.Value) []node {
	d.open(raw)
	var elements []node
	for d.dec.PeekKind() != ']' {
		value, err := d.value(raw)
		if err != nil {
			return nil
		}
		elements = append(elements, node{raw: value})
	}
	return elements
}

// open begins an object or array, by the rules that events come in by.
func (d *Data) open(raw jsontext.Value) {
	options := []jsontext.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}
	if d.dec == nil {
		d.dec = jsontext.NewDecoder(bytes.NewBuffer(raw), options...)
	} else {
		d.dec.Reset(bytes.NewBuffer(raw), options...)
	}
	// It begins with a brace or bracket, or nobody would have opened it.
	_, _ = d.dec.ReadToken()
}

// value is the next value, as a part of raw: the decoder's own copy is gone
// with the next call.
func (d *Data) value(raw jsontext.Value) (jsontext.Value, error) {
	value, err := d.dec.ReadValue()
	if err != nil {
		return nil, err
	}
	end := d.dec.InputOffset()
	return raw[end-int64(len(value)) : end : end], nil
}
