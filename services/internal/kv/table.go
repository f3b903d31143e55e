package kv

import (
	"strings"
	"sync"

	"google.golang.org/protobuf/proto"
)

// Table is a Memory of records by key, each read once into a T. Safe for
// concurrent use.
type Table[M proto.Message, T any] struct {
	read func(M) (T, error)

	mu   sync.RWMutex
	rows map[string]row[T]
}

type row[T any] struct {
	value    T
	revision uint64
}

// NewTable makes an empty table. read makes a T of a record; its error leaves
// the record out.
func NewTable[M proto.Message, T any](read func(M) (T, error)) *Table[M, T] {
	return &Table[M, T]{read: read, rows: make(map[string]row[T])}
}

// Get returns what is under the key.
func (t *Table[M, T]) Get(key string) (T, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	found, ok := t.rows[key]
	return found.value, ok
}

// Under returns what is under keys that begin with prefix, in no order.
func (t *Table[M, T]) Under(prefix string) []T {
	t.mu.RLock()
	defer t.mu.RUnlock()
	var found []T
	for key, r := range t.rows {
		if strings.HasPrefix(key, prefix) {
			found = append(found, r.value)
		}
	}
	return found
}

// Put is for the Mirror.
func (t *Table[M, T]) Put(key string, value []byte, revision uint64) error {
	m, err := Decode[M](value)
	if err != nil {
		return err
	}
	read, err := t.read(m)
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.rows[key].revision < revision {
		t.rows[key] = row[T]{read, revision}
	}
	return nil
}

// Remove is for the Mirror.
func (t *Table[M, T]) Remove(key string, revision uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.rows[key].revision <= revision {
		delete(t.rows, key)
	}
}

// Retain is for the Mirror.
func (t *Table[M, T]) Retain(keys map[string]struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for key := range t.rows {
		if _, ok := keys[key]; !ok {
			delete(t.rows, key)
		}
	}
}
