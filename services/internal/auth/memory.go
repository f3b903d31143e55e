package auth

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/posthaste/posthaste/pkg/eventid"
	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/kv"
)

// Key is a stored key as it was read: never changed after.
type Key struct {
	*posthastev1.ApiKey
	// Allowed are its scopes, but for those that this version does not know.
	Allowed Scopes

	digest   [sha256.Size]byte
	expires  time.Time // zero for never
	revision uint64
	use      *use
}

func (k *Key) principal() Principal {
	return Principal{Key: k.GetId(), Tenant: k.GetTenant(), Operator: k.GetOperator(), Scopes: k.Allowed, Expires: k.expires, use: k.use}
}

// newKey reads a record. What is odd lets nobody in.
func newKey(id string, pb *posthastev1.ApiKey) (*Key, error) {
	k := &Key{ApiKey: pb, Allowed: scopesNamed(pb.GetScopes())}
	switch {
	case pb.GetId() != id:
		return nil, fmt.Errorf("it is that of %q", pb.GetId())
	case len(pb.GetDigest()) != sha256.Size:
		return nil, fmt.Errorf("the digest has %d bytes", len(pb.GetDigest()))
	case pb.GetOperator() != (pb.GetTenant() == ""):
		return nil, errors.New("it is not clear whose it is")
	}
	if err := eventid.CheckTenant(pb.GetTenant()); !pb.GetOperator() && err != nil {
		return nil, err
	}
	copy(k.digest[:], pb.GetDigest())
	if at := pb.GetExpiresAt(); at != nil {
		k.expires = at.AsTime()
	}
	return k, nil
}

// memory holds every key by its id. Safe for concurrent use.
type memory struct {
	rate  float64 // of keys that have none of their own
	burst int

	mu   sync.RWMutex
	keys map[string]*Key
}

func newMemory(cfg Config) *memory {
	return &memory{rate: cfg.Rate, burst: cfg.Burst, keys: make(map[string]*Key)}
}

func (m *memory) get(id string) (*Key, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	k, ok := m.keys[id]
	return k, ok
}

// where returns those that hold, in no order.
func (m *memory) where(holds func(*Key) bool) []*Key {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var found []*Key
	for _, k := range m.keys {
		if holds(k) {
			found = append(found, k)
		}
	}
	return found
}

// Put is for the Mirror.
func (m *memory) Put(id string, value []byte, revision uint64) error {
	pb, err := kv.Decode[*posthastev1.ApiKey](value)
	if err != nil {
		return err
	}
	k, err := newKey(id, pb)
	if err != nil {
		return err
	}
	k.revision = revision
	m.mu.Lock()
	defer m.mu.Unlock()
	old, ok := m.keys[id]
	switch {
	case ok && old.revision >= revision:
		return nil
	case ok:
		k.use = old.use
	default:
		k.use = m.newUse(pb)
	}
	m.keys[id] = k
	return nil
}

func (m *memory) newUse(pb *posthastev1.ApiKey) *use {
	perSecond, burst := m.rate, m.burst
	if own := pb.GetRate(); own != nil {
		perSecond, burst = own.GetRequestsPerSecond(), int(own.GetBurst())
	}
	return &use{limit: newLimit(perSecond, burst), revoked: make(chan struct{})}
}

// Remove is for the Mirror.
func (m *memory) Remove(id string, revision uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if k, ok := m.keys[id]; ok && k.revision <= revision {
		m.drop(k)
	}
}

// Retain is for the Mirror.
func (m *memory) Retain(ids map[string]struct{}) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for id, k := range m.keys {
		if _, ok := ids[id]; !ok {
			m.drop(k)
		}
	}
}

// drop is called with the lock held. Whatever goes on with the key ends.
func (m *memory) drop(k *Key) {
	delete(m.keys, k.GetId())
	close(k.use.revoked)
}
