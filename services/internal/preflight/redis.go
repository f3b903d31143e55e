package preflight

import (
	"context"
	"slices"

	"github.com/posthaste/posthaste/services/internal/settings"
)

// neverEvicts is the maxmemory-policy by which Redis refuses writes, which we
// count as Redis being away, rather than drop keys behind our back.
const neverEvicts = "noeviction"

// redis looks at Redis. That it is away stops nothing: nor does it a delivery.
func (p *Process) redis(ctx context.Context, r *Report) {
	found, err := p.Redis.Ask(ctx, p.Now)
	if err != nil {
		r.add("redis", Unknown, "start it; until then duplicates are possible, failures are not counted, and each dispatcher holds to rates for itself", "Redis does not answer: %v", err)
		return
	}
	p.clock(r, "clock-redis", "Redis", found.Time, found.Asked, found.Heard)
	switch {
	case slices.Contains(found.Unknown, "memory"):
		r.add("redis-eviction", Unknown, "see for yourself that maxmemory-policy is noeviction", "Redis does not tell what it drops when it is full")
	case found.MaxMemory == 0 || found.Eviction == neverEvicts:
		r.add("redis-eviction", OK, "", "Redis drops no keys before their time")
	default:
		level := Warn
		if p.Durability == Strict {
			level = Refuse
		}
		r.add("redis-eviction", level, "set maxmemory-policy noeviction in Redis", "Redis drops keys at %s by %s: dedup keys would go, which makes duplicates, and counts of failures, which are what disables an endpoint", settings.Bytes(found.MaxMemory), found.Eviction)
	}
	switch {
	case slices.Contains(found.Unknown, "persistence"):
		r.add("redis-persistence", Unknown, "", "Redis does not tell whether it keeps keys over a restart")
	case !found.AppendOnly && found.Save == "":
		r.add("redis-persistence", Note, "set appendonly yes in Redis where that matters", "Redis keeps nothing over a restart: what was delivered a moment before may be delivered twice, and counts of failures begin anew")
	default:
		r.add("redis-persistence", OK, "", "Redis keeps its keys over a restart")
	}
}
