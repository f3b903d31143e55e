package embedded

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/alicebob/miniredis/v2"
)

// Redis is a Redis in memory that writes its keys to a file when it is closed
// and reads them when it starts. What it holds is disposable, so a crash may
// lose it.
type Redis struct {
	server *miniredis.Miniredis
	file   string
	log    *slog.Logger
	stop   chan struct{}
	done   chan struct{}
}

// StartRedis starts a Redis on a free port of 127.0.0.1 that keeps its keys in
// dir between runs.
func StartRedis(dir string, log *slog.Logger) (*Redis, error) {
	r := &Redis{
		server: miniredis.NewMiniRedis(), file: filepath.Join(dir, "redis.json"), log: log,
		stop: make(chan struct{}), done: make(chan struct{}),
	}
	if err := r.server.Start(); err != nil {
		return nil, fmt.Errorf("start embedded Redis: %w", err)
	}
	if err := r.load(); err != nil {
		log.Warn("embedded Redis begins empty", "error", err)
	}
	go r.age()
	return r, nil
}

// URL is the address for clients.
func (r *Redis) URL() string { return "redis://" + r.server.Addr() + "/0" }

// age lets keys expire: the server's own clock stands still.
func (r *Redis) age() {
	defer close(r.done)
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-r.stop:
			return
		case <-ticker.C:
			r.server.FastForward(time.Second)
		}
	}
}

// Close writes the keys down and stops the server.
func (r *Redis) Close() error {
	close(r.stop)
	<-r.done
	err := r.save()
	r.server.Close()
	return err
}

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
