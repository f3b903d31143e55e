package subscription

import (
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/posthaste/posthaste/services/internal/filter"
)

// Index finds the subscriptions that want an event. It is kept by a Watcher
// and read by everybody; safe for concurrent use. What a match costs grows
// with the matches and with the parts of the type, not with the
// subscriptions. Of those with a filter the same holds where it asks for exact
// values somewhere (filter.Set); each of the others is asked about every event
// of its types.
type Index struct {
	mu      sync.RWMutex
	byID    map[string]*Subscription
	tenants map[string]*tenant
}

// tenant holds the subscriptions of one tenant, and the active ones by
// pattern. No type matches two patterns of one subscription, so an event finds
// it in one set at most.
type tenant struct {
	members  map[string]*Subscription // by id, the disabled ones too
	exact    map[string]*set
	prefix   map[string]*set // by stem, dot included: "task."
	all      set
	filtered int // active members with a filter
}

type set = filter.Set[*Subscription]

// NewIndex makes an empty index.
func NewIndex() *Index {
	return &Index{byID: make(map[string]*Subscription), tenants: make(map[string]*tenant)}
}

// Match appends to dst the active subscriptions of the tenant whose types and
// filters match, each once, in no order, and returns it. data is not read
// unless one of the right type has a filter; nil matches as data that is no
// object.
func (x *Index) Match(tenantName, eventType string, data *filter.Data, dst []*Subscription) []*Subscription {
	dst, sure := x.candidates(tenantName, eventType, data, dst)
	kept := dst[:sure]
	for _, s := range dst[sure:] {
		if s.wants(data) {
			kept = append(kept, s)
		}
	}
	return kept
}

// candidates appends to dst first those that match for sure, and then those
// whose filters are still to be asked: that takes longer than a writer should
// wait.
func (x *Index) candidates(tenantName, eventType string, data *filter.Data, dst []*Subscription) (all []*Subscription, sure int) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	t := x.tenants[tenantName]
	if t == nil {
		return dst, len(dst)
	}
	for some := range t.wanting(eventType) {
		dst = append(dst, some.Sure()...)
	}
	sure = len(dst)
	if t.filtered > 0 {
		for some := range t.wanting(eventType) {
			dst = some.Candidates(data, dst)
		}
	}
	return dst, sure
}

// wanting yields the sets of the patterns that the type matches.
func (t *tenant) wanting(eventType string) iter.Seq[*set] {
	return func(yield func(*set) bool) {
		if s := t.exact[eventType]; s != nil && !yield(s) {
			return
		}
		if len(t.prefix) > 0 {
			for i := range len(eventType) {
				if eventType[i] != '.' {
					continue
				}
				if s := t.prefix[eventType[:i+1]]; s != nil && !yield(s) {
					return
				}
			}
		}
		yield(&t.all)
	}
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
		t = &tenant{members: make(map[string]*Subscription), exact: make(map[string]*set), prefix: make(map[string]*set)}
		x.tenants[s.GetTenant()] = t
	}
	t.members[s.GetId()] = s
	if !s.matchable() {
		return
	}
	if len(s.filters) > 0 {
		t.filtered++
	}
	for _, p := range s.patterns {
		switch stem, isPrefix := strings.CutSuffix(p, "*"); {
		case p == AnyType:
			t.all.Add(s, s.filters)
		case isPrefix:
			add(t.prefix, stem, s)
		default:
			add(t.exact, p, s)
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
	if !s.matchable() {
		return
	}
	if len(s.filters) > 0 {
		t.filtered--
	}
	for _, p := range s.patterns {
		switch stem, isPrefix := strings.CutSuffix(p, "*"); {
		case p == AnyType:
			t.all.Remove(s)
		case isPrefix:
			drop(t.prefix, stem, s)
		default:
			drop(t.exact, p, s)
		}
	}
}

func add(m map[string]*set, key string, s *Subscription) {
	if m[key] == nil {
		m[key] = &set{}
	}
	m[key].Add(s, s.filters)
}

func drop(m map[string]*set, key string, s *Subscription) {
	m[key].Remove(s)
	if m[key].Len() == 0 {
		delete(m, key)
	}
}
