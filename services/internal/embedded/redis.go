package embedded

import (
	"cmp"
	"fmt"
	"log/slog"
	"math"
	"path/filepath"
	"slices"
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
		r.server.FlushAll() // half of the keys would be a guess
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
	last := time.Now()
	for {
		select {
		case <-r.stop:
			return
		case <-ticker.C: // on a busy machine some ticks are dropped
			now := time.Now()
			r.server.FastForward(now.Sub(last))
			last = now
			r.bound()
		}
	}
}

const (
	// mostKeys bounds the keys, of which each takes several hundred bytes. What
	// goes are those that would expire first.
	mostKeys = 50_000
	// leftKeys is how many stay then.
	leftKeys = 40_000
)

// bound drops keys where there are too many. What they hold is disposable.
func (r *Redis) bound() {
	names := r.server.Keys()
	if len(names) <= mostKeys {
		return
	}
	ttl := make(map[string]time.Duration, len(names))
	for _, name := range names {
		if ttl[name] = r.server.TTL(name); ttl[name] == 0 {
			ttl[name] = math.MaxInt64 // it never expires
		}
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Compare(ttl[a], ttl[b]) })
	for _, name := range names[:len(names)-leftKeys] {
		r.server.Del(name)
	}
}

// Close writes the keys down and stops the server. To be called once.
func (r *Redis) Close() error {
	close(r.stop)
	<-r.done
	err := r.save()
	r.server.Close()
	return err
}
