package catalogue

import (
	"maps"
	"slices"
	"sync"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/kv"
)

// index is the bucket in memory, by owner and name, so that looking a type up
// builds no key.
type index struct {
	mu     sync.RWMutex
	owners map[string]map[string]row
}

type row struct {
	entry    Entry
	revision uint64
}

func newIndex() *index { return &index{owners: make(map[string]map[string]row)} }

// get returns the owner's own entry.
func (x *index) get(owner, name string) (Entry, bool) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	found, ok := x.owners[owner][name]
	return found.entry, ok
}

// of returns the owner's own entries by name, in a map that is the caller's.
func (x *index) of(owner string) map[string]Entry {
	x.mu.RLock()
	defer x.mu.RUnlock()
	all := make(map[string]Entry, len(x.owners[owner]))
	for name, found := range x.owners[owner] {
		all[name] = found.entry
	}
	return all
}

func (x *index) count(owner string) int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return len(x.owners[owner])
}

// Put is for the mirror.
func (x *index) Put(key string, value []byte, revision uint64) error {
	owner, name := split(key)
	t, err := kv.Decode[*posthastev1.EventType](value)
	if err != nil {
		return err
	}
	origin := OfTenant
	if owner == Server {
		origin = OfServer
	}
	entry, err := NewEntry(t, origin)
	if err != nil {
		return err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.owners[owner] == nil {
		x.owners[owner] = make(map[string]row)
	}
	if x.owners[owner][name].revision < revision {
		x.owners[owner][name] = row{entry, revision}
	}
	return nil
}

// Remove is for the mirror.
func (x *index) Remove(key string, revision uint64) {
	owner, name := split(key)
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.owners[owner][name].revision <= revision {
		x.drop(owner, name)
	}
}

// Retain is for the mirror.
func (x *index) Retain(keys map[string]struct{}) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, owner := range slices.Collect(maps.Keys(x.owners)) {
		for _, name := range slices.Collect(maps.Keys(x.owners[owner])) {
			if _, ok := keys[key(owner, name)]; !ok {
				x.drop(owner, name)
			}
		}
	}
}

// drop needs the lock.
func (x *index) drop(owner, name string) {
	delete(x.owners[owner], name)
	if len(x.owners[owner]) == 0 {
		delete(x.owners, owner)
	}
}
