package subscription

import (
	"maps"
	"slices"
	"strings"
	"sync"
)

// Index finds the subscriptions that want an event. It is kept by a Watcher
// and read by everybody; safe for concurrent use. What a match costs grows
// with the matches and with the parts of the type, not with the
// subscriptions.
type Index struct {
	mu      sync.RWMutex
	byID    map[string]*Subscription
	tenants map[string]*tenant
}

// tenant holds the subscriptions of one tenant, and the active ones by
// pattern.
type tenant struct {
	members map[string]*Subscription // by id, the disabled ones too
	exact   map[string][]*Subscription
	prefix  map[string][]*Subscription // by stem, dot included: "task."
	all     []*Subscription
}

// NewIndex makes an empty index.
func NewIndex() *Index {
	return &Index{byID: make(map[string]*Subscription), tenants: make(map[string]*tenant)}
}

// Match appends to dst the active subscriptions of the tenant whose types
// match, each once, in no order, and returns it. Filters are the caller's.
func (x *Index) Match(tenantName, eventType string, dst []*Subscription) []*Subscription {
	x.mu.RLock()
	defer x.mu.RUnlock()
	t := x.tenants[tenantName]
	if t == nil {
		return dst
	}
	dst = append(dst, t.exact[eventType]...)
	if len(t.prefix) > 0 {
		for i := range len(eventType) {
			if eventType[i] == '.' {
				dst = append(dst, t.prefix[eventType[:i+1]]...)
			}
		}
	}
	return append(dst, t.all...)
}

// Get returns a subscription by its id.
func (x *Index) Get(id string) (*Subscription, bool) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	s, ok := x.byID[id]
	return s, ok
}

// List returns the tenant's subscriptions, the disabled ones too, oldest first.
func (x *Index) List(tenantName string) []*Subscription {
	found := x.members(tenantName)
	slices.SortFunc(found, func(a, b *Subscription) int { return strings.Compare(a.GetId(), b.GetId()) })
	return found
}

func (x *Index) members(tenantName string) []*Subscription {
	x.mu.RLock()
	defer x.mu.RUnlock()
	t := x.tenants[tenantName]
	if t == nil {
		return nil
	}
	return slices.AppendSeq(make([]*Subscription, 0, len(t.members)), maps.Values(t.members))
}

// Count is the number of the tenant's subscriptions, the disabled ones too.
func (x *Index) Count(tenantName string) int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if t := x.tenants[tenantName]; t != nil {
		return len(t.members)
	}
	return 0
}

// Len is the number of subscriptions.
func (x *Index) Len() int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return len(x.byID)
}

// put adds s or replaces an older revision of it. Revisions of the bucket
// rise, so one that comes late is told from a newer one.
func (x *Index) put(s *Subscription) {
	x.mu.Lock()
	defer x.mu.Unlock()
	old := x.byID[s.GetId()]
	if old != nil && old.Revision >= s.Revision {
		return
	}
	if old != nil {
		x.unlist(old)
	}
	x.byID[s.GetId()] = s
	x.list(s)
}

// remove drops the subscription unless it was written again after revision.
func (x *Index) remove(id string, revision uint64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	old := x.byID[id]
	if old == nil || old.Revision > revision {
		return
	}
	x.unlist(old)
	delete(x.byID, id)
}

// retain drops what is not in ids: a full reading of the bucket did not show
// it, so its removal was missed.
func (x *Index) retain(ids map[string]struct{}) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for id, s := range x.byID {
		if _, ok := ids[id]; !ok {
			x.unlist(s)
			delete(x.byID, id)
		}
	}
}

func (x *Index) list(s *Subscription) {
	t := x.tenants[s.GetTenant()]
	if t == nil {
		t = &tenant{members: make(map[string]*Subscription), exact: make(map[string][]*Subscription), prefix: make(map[string][]*Subscription)}
		x.tenants[s.GetTenant()] = t
	}
	t.members[s.GetId()] = s
	if !s.Active() {
		return
	}
	for _, p := range s.patterns {
		switch stem, isPrefix := strings.CutSuffix(p, "*"); {
		case p == AnyType:
			t.all = append(t.all, s)
		case isPrefix:
			t.prefix[stem] = append(t.prefix[stem], s)
		default:
			t.exact[p] = append(t.exact[p], s)
		}
	}
}

func (x *Index) unlist(s *Subscription) {
	t := x.tenants[s.GetTenant()]
	if t == nil {
		return
	}
	delete(t.members, s.GetId())
	if len(t.members) == 0 {
		delete(x.tenants, s.GetTenant())
		return
	}
	if !s.Active() {
		return
	}
	for _, p := range s.patterns {
		switch stem, isPrefix := strings.CutSuffix(p, "*"); {
		case p == AnyType:
			t.all = without(t.all, s)
		case isPrefix:
			set(t.prefix, stem, without(t.prefix[stem], s))
		default:
			set(t.exact, p, without(t.exact[p], s))
		}
	}
}

func set(m map[string][]*Subscription, key string, list []*Subscription) {
	if len(list) == 0 {
		delete(m, key)
		return
	}
	m[key] = list
}

// without removes s by moving the last one to its place. Match copies under
// the lock, so nobody holds the slice.
func without(list []*Subscription, s *Subscription) []*Subscription {
	i := slices.Index(list, s)
	if i < 0 {
		return list
	}
	last := len(list) - 1
	list[i] = list[last]
	list[last] = nil
	return list[:last]
}
