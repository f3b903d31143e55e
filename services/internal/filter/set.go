package filter

import "slices"

// Set finds those of many items whose patterns may match, without asking each.
// An item that has a leaf of nothing but values is kept under these values, so
// that it costs nothing until an event has one of them; what is looked up for
// each event is the paths. Adding costs as much as the item's own values. The
// zero Set is empty and ready. Safe for readers at the same time, but for no
// writer beside them.
type Set[T comparable] struct {
	sure  []T // no pattern
	loose []T // no anchor
	paths map[string]*byValue[T]
	under map[T]*leaf // the anchor of each of the others
}

// byValue holds the items that are kept under one path.
type byValue[T comparable] struct {
	path  []string
	items map[scalar][]T
}

// Add takes an item that is not in the set, and the patterns that must all
// match.
func (s *Set[T]) Add(item T, patterns []*Pattern) {
	best := s.best(patterns)
	switch {
	case len(patterns) == 0:
		s.sure = append(s.sure, item)
	case best == nil:
		s.loose = append(s.loose, item)
	default:
		s.anchor(item, best)
	}
}

func (s *Set[T]) anchor(item T, to *leaf) {
	if s.paths == nil {
		s.paths, s.under = make(map[string]*byValue[T]), make(map[T]*leaf)
	}
	s.under[item] = to
	at := s.paths[to.key]
	if at == nil {
		at = &byValue[T]{path: to.path, items: make(map[scalar][]T)}
		s.paths[to.key] = at
	}
	for _, v := range to.values {
		at.items[v] = append(at.items[v], item)
	}
}

// Remove drops the item, if it is there.
func (s *Set[T]) Remove(item T) {
	from, ok := s.under[item]
	if !ok {
		s.sure, s.loose = without(s.sure, item), without(s.loose, item)
		return
	}
	delete(s.under, item)
	at := s.paths[from.key]
	for _, v := range from.values {
		if rest := without(at.items[v], item); len(rest) > 0 {
			at.items[v] = rest
		} else {
			delete(at.items, v)
		}
	}
	if len(at.items) == 0 {
		delete(s.paths, from.key)
	}
}

// Len is the number of items.
func (s *Set[T]) Len() int { return len(s.sure) + len(s.loose) + len(s.under) }

// Sure are the items without a pattern. Not to be changed or kept.
func (s *Set[T]) Sure() []T { return s.sure }

// Candidates appends the items whose patterns may match, each once and in no
// order, and all whose patterns do match are among them.
func (s *Set[T]) Candidates(data *Data, dst []T) []T {
	dst = append(dst, s.loose...)
	for _, at := range s.paths {
		dst = at.find(data, dst)
	}
	return dst
}

// best is the anchor with the fewest items under its values, the new one
// included: of {"status": ["paid"], "customer": ["c77"]} the customer, once
// many ask for what is paid.
func (s *Set[T]) best(patterns []*Pattern) (best *leaf) {
	least := 0
	for _, p := range patterns {
		for _, a := range p.anchors() {
			if load := s.load(a); best == nil || load < least {
				best, least = a, load
			}
		}
	}
	return best
}

func (s *Set[T]) load(a *leaf) int {
	load := len(a.values)
	if at := s.paths[a.key]; at != nil {
		for _, v := range a.values {
			load += len(at.items[v])
		}
	}
	return load
}

// find looks up each value of the event once. An item that is kept under two
// of them is found twice, so what came of several is thinned out.
func (b *byValue[T]) find(data *Data, dst []T) []T {
	from := len(dst)
	looked := make(map[scalar]struct{})
	for v := range data.at(b.path) {
		items := b.items[v]
		if _, again := looked[v]; again || len(items) == 0 {
			continue
		}
		looked[v] = struct{}{}
		dst = append(dst, items...)
	}
	if len(looked) > 1 {
		return thin(dst, from)
	}
	return dst
}

// thin drops repeats from dst[from:].
func thin[T comparable](dst []T, from int) []T {
	seen := make(map[T]struct{}, len(dst)-from)
	kept := dst[:from]
	for _, item := range dst[from:] {
		if _, again := seen[item]; !again {
			seen[item] = struct{}{}
			kept = append(kept, item)
		}
	}
	return kept
}

// without removes item by moving the last one to its place. Candidates copies,
// so nobody holds the slice.
func without[T comparable](list []T, item T) []T {
	i := slices.Index(list, item)
	if i < 0 {
		return list
	}
	last := len(list) - 1
	list[i] = list[last]
	clear(list[last:])
	return list[:last]
}
