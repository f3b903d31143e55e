package filter

import (
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// Pattern is a compiled pattern. It never changes; many goroutines may match
// with it.
type Pattern struct{ top *object }

// object is what a pattern asks of an object: all of it.
type object struct {
	fields []field
	ors    [][]*object // of each, one must match
}

// field asks for a member: a leaf or an object.
type field struct {
	name   string
	leaf   *leaf
	object *object
}

// leaf is met by any of its alternatives.
type leaf struct {
	path   []string
	key    string // of path
	values []scalar
	set    map[scalar]struct{} // of values, where they are many
	tests  []test
	absent bool // {"exists": false}
}

// test is an operator.
type test func(scalar) bool

// OneOf is the pattern {name: [values…]}. values must not be empty.
func OneOf(name string, values []string) *Pattern {
	l := newLeaf([]string{name})
	for _, s := range values {
		l.add(stringScalar(s))
	}
	return &Pattern{top: &object{fields: []field{{name: name, leaf: l}}}}
}

// Match says whether the data is as the pattern asks.
func (p *Pattern) Match(data *Data) bool { return p.top.match(data, data.root()) }

// match asks of one object. n is nil where the data has none: what is asked to
// be absent may still be.
func (o *object) match(d *Data, n *node) bool {
	for i := range o.fields {
		f := &o.fields[i]
		child := d.member(n, f.name)
		if f.leaf != nil && !f.leaf.match(d, child) || f.object != nil && !f.object.within(d, child) {
			return false
		}
	}
	for _, branches := range o.ors {
		if !slices.ContainsFunc(branches, func(b *object) bool { return b.match(d, n) }) {
			return false
		}
	}
	return true
}

// within asks of n, or of any one object of an array.
func (o *object) within(d *Data, n *node) bool {
	none := true
	unmatched := d.objects(n, func(n *node) bool {
		none = false
		return !o.match(d, n)
	})
	if none {
		return o.match(d, nil)
	}
	return !unmatched
}

func (l *leaf) match(d *Data, n *node) bool {
	if l.absent && !d.has(l.key, l.path) {
		return true
	}
	return !d.scalars(n, nil, func(v scalar) bool { return !l.takes(v) })
}

func (l *leaf) takes(v scalar) bool {
	return l.lists(v) || slices.ContainsFunc(l.tests, func(t test) bool { return t(v) })
}

func newLeaf(path []string) *leaf {
	key := jsontext.Pointer("")
	for _, name := range path {
		key = key.AppendToken(name)
	}
	return &leaf{path: path, key: string(key)}
}

// few values are found sooner without a map, and need less memory.
const few = 16

func (l *leaf) lists(v scalar) bool {
	if l.set == nil {
		return slices.Contains(l.values, v)
	}
	_, ok := l.set[v]
	return ok
}

// add takes a value once, however often it is given.
func (l *leaf) add(v scalar) {
	if l.lists(v) {
		return
	}
	l.values = append(l.values, v)
	switch {
	case l.set != nil:
		l.set[v] = struct{}{}
	case len(l.values) > few:
		l.set = make(map[scalar]struct{})
		for _, v := range l.values {
			l.set[v] = struct{}{}
		}
	}
}

// anchors are the leaves that can be looked up, as they hold nothing but
// values: what matches the pattern has one of them at that path. Those in $or
// are left out, because another branch may match.
func (p *Pattern) anchors() []*leaf { return p.top.anchors(nil) }

func (o *object) anchors(found []*leaf) []*leaf {
	for _, f := range o.fields {
		switch {
		case f.object != nil:
			found = f.object.anchors(found)
		case len(f.leaf.tests) == 0 && !f.leaf.absent:
			found = append(found, f.leaf)
		}
	}
	return found
}
