package dialect

import (
	"errors"
	"slices"
	"strings"
)

// loader resolves the entries of all files.
type loader struct {
	builtin, own map[string]*entry
	order        []*entry // as the files have them
	faults       []error
}

// load makes a set of files. Its error joins all faults.
func load(files []file) (*Set, error) {
	l := &loader{builtin: map[string]*entry{}, own: map[string]*entry{}}
	for i := range files {
		l.read(&files[i])
	}
	set := &Set{byName: map[string]*Dialect{}}
	for _, e := range l.order {
		if !l.resolve(e) || l.overridden(e) {
			continue
		}
		d, faults := build(e)
		l.faults = append(l.faults, faults...)
		set.byName[e.name] = d
	}
	if len(l.faults) > 0 {
		return nil, errors.Join(l.faults...)
	}
	return set, nil
}

func (l *loader) read(f *file) {
	entries, err := f.entries()
	if err != nil {
		l.faults = append(l.faults, err)
		return
	}
	byName := l.own
	if f.builtin {
		byName = l.builtin
	}
	for _, e := range entries {
		if first := byName[e.name]; first != nil {
			l.faults = append(l.faults, e.fault("name", "is already that of the dialect in line %d; keep one of them", first.line("name")))
			continue
		}
		byName[e.name] = e
		l.order = append(l.order, e)
	}
}

// overridden says whether an operator's entry takes the place of a built-in.
func (l *loader) overridden(e *entry) bool { return e.file.builtin && l.own[e.name] != nil }

// resolve reads the entry over what it starts from, which comes first. It
// returns false where there is a fault.
func (l *loader) resolve(e *entry) bool {
	if e.state == underWay {
		l.fail(e, e.fault("extends", "goes round in a circle; let one of them extend another dialect or none"))
	}
	if e.state != fresh {
		return e.state == resolved
	}
	e.state = underWay
	base, err := l.base(e)
	if err == nil && e.state == underWay {
		err = e.decode(base)
	}
	if err != nil {
		l.fail(e, err)
	}
	if e.state == underWay {
		e.state = resolved
	}
	return e.state == resolved
}

func (l *loader) fail(e *entry, err error) {
	e.state = faulty
	l.faults = append(l.faults, err)
}

// base is what the entry starts from: what it extends, else the built-in
// dialect of its name, else the defaults.
func (l *loader) base(e *entry) (spec, error) {
	parent := l.parent(e)
	if parent == nil {
		if e.extends != "" {
			return spec{}, e.fault("extends", "no dialect is called %.64q; known are %s", e.extends, strings.Join(l.others(e), ", "))
		}
		return defaults(), nil
	}
	if !l.resolve(parent) {
		e.state = faulty // what is wrong with the parent was said once
		return spec{}, nil
	}
	e.parent = parent // not before: the parents never go round in a circle
	return parent.spec, nil
}

func (l *loader) parent(e *entry) *entry {
	switch {
	case e.file.builtin:
		return l.builtin[e.extends]
	case e.extends == "" || e.extends == e.name && l.builtin[e.name] != nil:
		return l.builtin[e.name]
	case l.own[e.extends] != nil:
		return l.own[e.extends]
	default:
		return l.builtin[e.extends]
	}
}

// others names the dialects but e.
func (l *loader) others(e *entry) []string {
	var names []string
	for _, other := range l.order {
		if other != e && !l.overridden(other) {
			names = append(names, other.name)
		}
	}
	slices.Sort(names)
	return names
}
