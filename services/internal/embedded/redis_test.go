package embedded

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// withRedis runs a Redis in dir for as long as use takes.
func withRedis(t *testing.T, dir string, log *slog.Logger, use func(*redis.Client)) {
	t.Helper()
	r, err := StartRedis(dir, log)
	if err != nil {
		t.Fatal(err)
	}
	opts, err := redis.ParseURL(r.URL())
	if err != nil {
		t.Fatal(err)
	}
	rdb := redis.NewClient(opts)
	use(rdb)
	if err := errors.Join(rdb.Close(), r.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestRedisKeepsKeys(t *testing.T) {
	t.Parallel()
	dir, ctx := t.TempDir(), t.Context()
	withRedis(t, dir, quiet, func(rdb *redis.Client) {
		if err := errors.Join(
			rdb.Set(ctx, "plain", "value", 0).Err(),
			rdb.Set(ctx, "empty", "", time.Hour).Err(),
			rdb.Set(ctx, "short", "", time.Millisecond).Err(),
			rdb.SAdd(ctx, "set", "a", "b").Err(),
			rdb.Expire(ctx, "set", time.Minute).Err(),
		); err != nil {
			t.Fatal(err)
		}
	})
	if info, err := os.Stat(filepath.Join(dir, "redis.json")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("file %v, %v", info, err)
	}
	withRedis(t, dir, quiet, func(rdb *redis.Client) {
		if got := rdb.Get(ctx, "plain").Val(); got != "value" {
			t.Errorf("plain is %q", got)
		}
		if ttl := rdb.TTL(ctx, "plain").Val(); ttl != -1 {
			t.Errorf("plain expires in %s, want never", ttl)
		}
		if got, err := rdb.Get(ctx, "empty").Result(); got != "" || err != nil {
			t.Errorf("empty is %q, %v", got, err)
		}
		if ttl := rdb.TTL(ctx, "empty").Val(); ttl > time.Hour || ttl < 50*time.Minute {
			t.Errorf("empty expires in %s, want about an hour", ttl)
		}
		if got := rdb.SMembers(ctx, "set").Val(); !slices.Equal(got, []string{"a", "b"}) {
			t.Errorf("set is %q", got)
		}
		if ttl := rdb.TTL(ctx, "set").Val(); ttl > time.Minute || ttl < 30*time.Second {
			t.Errorf("set expires in %s, want about a minute", ttl)
		}
	})
}

// The file is gone while the server runs: after a crash, keys of long ago
// would be worse than none.
func TestRedisForgetsOnACrash(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	withRedis(t, dir, quiet, func(rdb *redis.Client) { rdb.Set(t.Context(), "k", "v", 0) })
	withRedis(t, dir, quiet, func(*redis.Client) {
		if _, err := os.Stat(filepath.Join(dir, "redis.json")); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the file is still there: %v", err)
		}
	})
}

func TestRedisExpires(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	withRedis(t, t.TempDir(), quiet, func(rdb *redis.Client) {
		rdb.Set(ctx, "k", "v", 500*time.Millisecond)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		deadline := time.After(15 * time.Second)
		for rdb.Exists(ctx, "k").Val() != 0 {
			select {
			case <-tick.C:
			case <-deadline:
				t.Fatal("the key did not expire")
			}
		}
	})
}

func TestRedisWithABrokenFile(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"cut off":       `[{"name":"a","value":"1"},{"name":`,
		"nonsense":      `hello`,
		"another shape": `{"name":"a"}`,
		"half of it":    `[{"name":"a","value":"1"},{"name":"a","members":["x"]}]`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "redis.json"), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			var lines bytes.Buffer
			withRedis(t, dir, slog.New(slog.NewTextHandler(&lines, nil)), func(rdb *redis.Client) {
				if keys := rdb.Keys(t.Context(), "*").Val(); len(keys) != 0 {
					t.Errorf("keys %q, want none", keys)
				}
			})
			if got := lines.String(); strings.Count(got, "level=WARN") != 1 || !strings.Contains(got, "embedded Redis begins empty") {
				t.Errorf("log %q, want one warning", got)
			}
			withRedis(t, dir, quiet, func(*redis.Client) {}) // and it can be started again
		})
	}
}

// Too many keys are bounded: those go that would expire first.
func TestRedisBounds(t *testing.T) {
	t.Parallel()
	r, err := StartRedis(t.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	if err := r.server.Set("lasting", ""); err != nil {
		t.Fatal(err)
	}
	for i := range mostKeys {
		name := fmt.Sprint("k", i)
		if err := r.server.Set(name, ""); err != nil {
			t.Fatal(err)
		}
		r.server.SetTTL(name, time.Hour+time.Duration(i)*time.Second)
	}
	r.bound()
	if n := len(r.server.Keys()); n != leftKeys {
		t.Errorf("%d keys are left, want %d", n, leftKeys)
	}
	if !r.server.Exists("lasting") || !r.server.Exists(fmt.Sprint("k", mostKeys-1)) || r.server.Exists("k0") {
		t.Error("others went than those that would expire first")
	}
}
