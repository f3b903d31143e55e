package embedded

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"
)

// key is one key in the file.
type key struct {
	Name    string    `json:"name"`
	Value   string    `json:"value,omitempty"`
	Members []string  `json:"members,omitempty"`
	Expires time.Time `json:"expires,omitzero"`
}

func (r *Redis) save() error {
	now := time.Now()
	var keys []key
	for _, name := range r.server.Keys() {
		k := key{Name: name}
		if ttl := r.server.TTL(name); ttl > 0 {
			k.Expires = now.Add(ttl)
		}
		var err error
		if r.server.Type(name) == "set" {
			k.Members, err = r.server.SMembers(name)
		} else {
			k.Value, err = r.server.Get(name)
		}
		if err != nil {
			return fmt.Errorf("save embedded Redis: key %s: %w", name, err)
		}
		keys = append(keys, k)
	}
	data, err := json.Marshal(keys)
	if err != nil {
		return fmt.Errorf("save embedded Redis: %w", err)
	}
	if err := os.WriteFile(r.file, data, 0o600); err != nil {
		return fmt.Errorf("save embedded Redis: %w", err)
	}
	return nil
}

// load reads the file and removes it: keys that are older than a crash would
// be worse than none.
func (r *Redis) load() error {
	data, err := os.ReadFile(r.file)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("load: %w", err)
	}
	if err := os.Remove(r.file); err != nil {
		return fmt.Errorf("load: %w", err)
	}
	var keys []key
	if err := json.Unmarshal(data, &keys); err != nil {
		return fmt.Errorf("load %s: %w", r.file, err)
	}
	now := time.Now()
	for _, k := range keys {
		if err := r.restore(k, now); err != nil {
			return fmt.Errorf("load key %s: %w", k.Name, err)
		}
	}
	return nil
}

func (r *Redis) restore(k key, now time.Time) error {
	if !k.Expires.IsZero() && !k.Expires.After(now) {
		return nil
	}
	var err error
	if k.Members != nil {
		_, err = r.server.SAdd(k.Name, k.Members...)
	} else {
		err = r.server.Set(k.Name, k.Value)
	}
	if err == nil && !k.Expires.IsZero() {
		r.server.SetTTL(k.Name, k.Expires.Sub(now))
	}
	return err
}
