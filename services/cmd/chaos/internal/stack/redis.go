package stack

import (
	"context"
	"fmt"
	"net"
	"os"

	"github.com/redis/go-redis/v9"
)

// Server is Redis.
type Server struct {
	*Process
	addr string
}

func (s *Stack) startRedis(ctx context.Context) error {
	addr, err := FreeAddr(ctx)
	if err != nil {
		return err
	}
	host, port, _ := net.SplitHostPort(addr)
	s.Redis = &Server{addr: addr, Process: s.process("redis", s.cfg.Binaries.Redis, os.Environ(),
		"--bind", host, "--port", port, "--save", "", "--appendonly", "no", "--dir", s.dir)}
	if err := s.Redis.Start(); err != nil {
		return err
	}
	return s.await(ctx, "redis", func(ctx context.Context) error { return dial(ctx, addr) })
}

// Flush drops all that Redis holds.
func (r *Server) Flush(ctx context.Context) error {
	client := redis.NewClient(&redis.Options{Addr: r.addr, MaxRetries: -1})
	defer client.Close() //nolint:errcheck // it was for one command
	if err := client.FlushAll(ctx).Err(); err != nil {
		return fmt.Errorf("FLUSHALL: %w", err)
	}
	return nil
}
