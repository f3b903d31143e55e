package preflight

import (
	"testing"

	"github.com/posthaste/posthaste/services/internal/testbed"
)

func TestRedisThatEvicts(t *testing.T) {
	t.Parallel()
	p := process(t, testbed.StartNATS(t).URL()).
		withRedis(t, testbed.RedisServer(t, "--maxmemory", "16mb", "--maxmemory-policy", "allkeys-lru", "--save", "", "--appendonly", "no"))
	const drops = "drops keys at 16MiB by allkeys-lru"
	r := Run(t.Context(), p)
	wantFinding(t, r, "redis-eviction", Warn, drops)
	wantFinding(t, r, "redis-persistence", Note, "keeps nothing over a restart")
	p.Durability = Strict
	wantFinding(t, Run(t.Context(), p), "redis-eviction", Refuse, drops)
}

func TestRedisThatEvictsNothing(t *testing.T) {
	t.Parallel()
	p := process(t, testbed.StartNATS(t).URL()).
		withRedis(t, testbed.RedisServer(t, "--maxmemory", "16mb", "--maxmemory-policy", "noeviction", "--save", "60 1"))
	r := Run(t.Context(), p)
	wantFinding(t, r, "redis-eviction", OK, "drops no keys")
	wantFinding(t, r, "redis-persistence", OK, "keeps its keys")
}

// A managed Redis may forbid to ask.
func TestRedisThatDoesNotTell(t *testing.T) {
	t.Parallel()
	p := process(t, testbed.StartNATS(t).URL()).
		withRedis(t, testbed.RedisServer(t, "--user", "default", "on", "nopass", "~*", "&*", "+@all", "-info", "-config"))
	p.Durability = Strict
	r := Run(t.Context(), p)
	wantFinding(t, r, "redis-eviction", Unknown, "does not tell")
	wantFinding(t, r, "redis-persistence", Unknown, "does not tell")
	wantFinding(t, r, "clock-redis", OK, "Redis")
}

// It stops no delivery, so it stops no start.
func TestRedisIsAway(t *testing.T) {
	t.Parallel()
	p := process(t, testbed.StartNATS(t).URL()).withRedis(t, "redis://127.0.0.1:1/0")
	wantFinding(t, Run(t.Context(), p), "redis", Unknown, "does not answer")
}
