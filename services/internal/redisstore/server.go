package redisstore

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Server is what a Redis says of itself. What it would not say is in Unknown: a
// managed Redis may forbid to ask.
type Server struct {
	// MaxMemory is at what size keys are evicted or refused, in bytes; 0 for never.
	MaxMemory int64
	// Eviction is its maxmemory-policy.
	Eviction string
	// AppendOnly and Save say how it keeps keys over a restart. Save is the
	// setting's text, empty for never.
	AppendOnly bool
	Save       string
	// Time is its clock's, of some moment between Asked and Heard.
	Time, Asked, Heard time.Time
	Unknown            []string
}

// Ask asks Redis for what it is, past the circuit: it is for a start, and for
// people who look. now is the clock that Redis's is compared with.
func (s *Store) Ask(ctx context.Context, now func() time.Time) (Server, error) {
	ctx, cancel := context.WithTimeout(ctx, 4*s.cfg.RedisTimeout)
	defer cancel()
	var found Server
	var err error
	found.Asked = now()
	found.Time, err = s.rdb.Time(ctx).Result()
	found.Heard = now()
	if err != nil {
		return found, fmt.Errorf("ask Redis for its time: %w", err)
	}
	err = errors.Join(s.askMemory(ctx, &found), s.askPersistence(ctx, &found))
	return found, err
}

func (s *Store) askMemory(ctx context.Context, found *Server) error {
	info, err := s.info(ctx, "memory")
	limit, known := info["maxmemory"]
	if !known {
		found.Unknown = append(found.Unknown, "memory")
		return err
	}
	found.Eviction = info["maxmemory_policy"]
	if found.MaxMemory, err = strconv.ParseInt(limit, 10, 64); err != nil {
		return fmt.Errorf("read maxmemory of Redis: %w", err)
	}
	return nil
}

func (s *Store) askPersistence(ctx context.Context, found *Server) error {
	info, err := s.info(ctx, "persistence")
	aof, known := info["aof_enabled"]
	if !known {
		found.Unknown = append(found.Unknown, "persistence")
		return err
	}
	found.AppendOnly = aof == "1"
	if found.AppendOnly {
		return nil
	}
	save, err := s.rdb.ConfigGet(ctx, "save").Result()
	text, known := save["save"]
	if !known {
		found.Unknown = append(found.Unknown, "persistence")
		return ifGone(ctx, err)
	}
	found.Save = text
	return nil
}

// info is a section of INFO. A Redis that does not have it answers with nothing.
func (s *Store) info(ctx context.Context, section string) (map[string]string, error) {
	text, err := s.rdb.Info(ctx, section).Result()
	found := make(map[string]string)
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			found[name] = value
		}
	}
	return found, ifGone(ctx, err)
}

// ifGone is the error where time ran out, and nil for a mere refusal.
func ifGone(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return nil
	}
	return err
}
