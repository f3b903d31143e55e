package embedded

import (
	"fmt"
	"log/slog"
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
		}
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
