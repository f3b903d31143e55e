package fault

import (
	"math/rand/v2"
	"slices"
	"time"
)

// Options say what may be drawn.
type Options struct {
	// Lasts is how long the load does; every fault is over by its end.
	Lasts time.Duration
	// Cluster says that NATS has several nodes.
	Cluster bool
	// Disk says that the disk of a NATS node can be filled.
	Disk bool
	// Only names the faults to draw from; empty for all.
	Only []string
}

const (
	// quiet is the time before the first fault.
	quiet = time.Second
	// every is the mean time between the beginnings of two faults.
	every = 2200 * ms
	// apart is the least time between two faults of one group.
	apart = 500 * ms
)

// Draw draws a schedule. Its faults stand in the order of their beginnings, and
// no two of one group overlap: what is stopped is not killed, and of a cluster
// one node at a time is away.
func Draw(seed uint64, o Options) []Fault {
	rng := rand.New(rand.NewPCG(seed, 0))
	deck := deal(rng, o)
	if len(deck) == 0 {
		return nil
	}
	free := make(map[string]time.Duration) // by group, from when on
	var faults []Fault
	for at := quiet; at < o.Lasts-quiet; at += every/2 + upTo(rng, every) {
		i := slices.IndexFunc(deck, func(e entry) bool { return free[e.group] <= at })
		if i < 0 {
			continue
		}
		e := deck[i]
		deck = append(slices.Delete(deck, i, i+1), e) // comes again when the others have
		f := Fault{Kind: e.kind, Target: e.target, Index: rng.IntN(1 << 16), At: at}
		if e.most > 0 {
			f.For = min(e.least+upTo(rng, e.most-e.least), o.Lasts-at)
		}
		free[e.group] = at + f.For + apart
		faults = append(faults, f)
	}
	return faults
}

// deal shuffles what may be drawn.
func deal(rng *rand.Rand, o Options) []entry {
	var deck []entry
	for _, e := range catalogue {
		if e.cluster && !o.Cluster || e.disk && !o.Disk {
			continue
		}
		if len(o.Only) == 0 || slices.Contains(o.Only, e.name()) {
			deck = append(deck, e)
		}
	}
	rng.Shuffle(len(deck), func(i, j int) { deck[i], deck[j] = deck[j], deck[i] })
	return deck
}

// upTo draws a time below d.
func upTo(rng *rand.Rand, d time.Duration) time.Duration { return time.Duration(rng.Int64N(int64(d))) }
