package preflight

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/posthaste/posthaste/services/internal/bus"
)

const strictReplicas = 3 // a majority of which outlives any one machine

// streams looks at what NATS holds.
func (p *Process) streams(ctx context.Context, r *Report) {
	var seen []*jetstream.StreamInfo
	for _, name := range p.Bus.Kept() {
		before := p.Now()
		info, err := p.Bus.StreamInfo(ctx, name)
		switch {
		case errors.Is(err, jetstream.ErrStreamNotFound):
			r.add("streams", Note, "start control, or any service with POSTHASTE_PROVISION=true: it makes it", "%s is not there yet", name)
		case err != nil:
			r.add("streams", Unknown, "look at the rights of the NATS user", "%v", err)
			return
		default:
			if len(seen) == 0 {
				p.clock(r, "clock-nats", "NATS", info.TimeStamp, before, p.Now())
			}
			seen = append(seen, info)
		}
	}
	if len(seen) == 0 {
		return
	}
	p.durability(ctx, r, seen)
	p.copies(r, seen)
	p.windows(r, seen)
	p.drift(ctx, r)
}

// durability holds what is promised to the copies of the streams and to how
// often NATS syncs.
func (p *Process) durability(ctx context.Context, r *Report, seen []*jetstream.StreamInfo) {
	var few []string
	for _, info := range seen {
		if info.Config.Replicas < strictReplicas {
			few = append(few, info.Config.Name)
		}
	}
	sync, err := p.syncs(ctx)
	switch {
	case len(few) == 0:
		r.add("durability", OK, "", "all streams have %d copies or more", strictReplicas)
	case err == nil && sync.always:
		r.add("durability", OK, "", "NATS syncs each write")
	case p.Durability == Strict && err != nil:
		r.add("durability", Refuse, doStrict, "durability is strict, %s have fewer than %d copies, and how often NATS syncs is unknown (%v)", list(few), strictReplicas, err)
	case p.Durability == Strict:
		r.add("durability", Refuse, doStrict, "durability is strict, %s have fewer than %d copies, and NATS syncs every %s", list(few), strictReplicas, sync.every)
	case err != nil:
		r.add("durability", Unknown, "set POSTHASTE_NATS_MONITOR_URL to have it looked at", "streams have fewer than %d copies, and how often NATS syncs is unknown (%v): a machine that loses its power may lose what was not synced", strictReplicas, err)
	case sync.every > longSync:
		r.add("durability", Warn, "set sync_interval: 10s in the jetstream block of NATS, or POSTHASTE_REPLICAS=3", "streams have fewer than %d copies and NATS syncs every %s: a machine that loses its power loses as much", strictReplicas, sync.every)
	default:
		r.add("durability", Note, "", "streams have fewer than %d copies and NATS syncs every %s: a machine that loses its power loses as much", strictReplicas, sync.every)
	}
}

const doStrict = "set POSTHASTE_REPLICAS=3 on three NATS servers, or sync_interval: always in the jetstream block of NATS with POSTHASTE_NATS_MONITOR_URL, or POSTHASTE_DURABILITY=standard"

// longSync is more than a minute: NATS's own default of 2m is.
const longSync = time.Minute

// copies looks whether the copies that there should be are there.
func (p *Process) copies(r *Report, seen []*jetstream.StreamInfo) {
	for _, info := range seen {
		if info.Cluster == nil {
			continue
		}
		for _, peer := range info.Cluster.Replicas {
			if peer.Offline || !peer.Current {
				r.add("copies", Warn, "bring the NATS server back; while it is away the stream survives one loss less", "the copy of %s on %s is behind or away (%d messages)", info.Config.Name, peer.Name, peer.Lag)
			}
		}
	}
}

// windows looks whether a repetition would be known.
func (p *Process) windows(r *Report, seen []*jetstream.StreamInfo) {
	for _, info := range seen {
		switch info.Config.Name {
		case bus.StreamDeliveries, bus.StreamDelays:
		default:
			continue // nothing that is handed out again is published there
		}
		if window := info.Config.Duplicates; window <= p.Streams.AckWait {
			level := Refuse
			if !p.Streams.Provision {
				level = Warn // whoever provisions may be about to change it
			}
			r.add("dedup-window", level, "set POSTHASTE_DEDUP_WINDOW above POSTHASTE_ACK_WAIT, and let a service with POSTHASTE_PROVISION=true make it so",
				"%s remembers message ids for %s, and what fell silent is handed out again after %s: it would be made twice", info.Config.Name, window, p.Streams.AckWait)
		}
	}
}

// drift tells of what somebody changed by hand.
func (p *Process) drift(ctx context.Context, r *Report) {
	found, err := p.Bus.Drift(ctx, p.Consumers)
	if err != nil {
		r.add("drift", Unknown, "look at the rights of the NATS user", "%v", err)
	}
	for _, d := range found {
		level := Warn
		if d.Breaks && (p.Streams.Provision || forGood(d)) {
			level = Refuse
		}
		r.add("drift", level, doDrift(d), "%s", d)
	}
	if len(found) == 0 && err == nil {
		r.add("drift", OK, "", "streams, buckets and consumers are as the settings say")
	}
}

// forGood says whether provisioning cannot change it. For what it can, a service
// that does not provision does not refuse: the one that does may be about to.
func forGood(d bus.Difference) bool {
	return d.Name == "retention" || d.Name == "storage" || d.Name == "sealed"
}

func doDrift(d bus.Difference) string {
	if forGood(d) {
		return "provisioning cannot change that: the stream has to be made anew, and what it holds is lost; let it run empty first"
	}
	return "change the setting, or let a service with POSTHASTE_PROVISION=true start: it changes it back"
}

// clock compares a server's clock with ours. It answered at some moment between
// asked and heard, which is in its favour.
func (p *Process) clock(r *Report, check, server string, at, asked, heard time.Time) {
	if at.IsZero() {
		r.add(check, Unknown, "", "%s does not tell its time", server)
		return
	}
	var apart time.Duration
	direction := "ahead of"
	switch {
	case at.Before(asked):
		apart, direction = asked.Sub(at), "behind"
	case at.After(heard):
		apart = at.Sub(heard)
	}
	switch {
	case apart > skewRefuses:
		r.add(check, Refuse, doClock, "the clock of %s is %s %s this machine's", server, apart.Round(time.Millisecond), direction)
	case apart > skewWarns:
		r.add(check, Warn, doClock, "the clock of %s is %s %s this machine's", server, apart.Round(time.Millisecond), direction)
	default:
		r.add(check, OK, "", "the clock of %s is this machine's, to %s", server, max(apart, heard.Sub(asked)).Round(time.Millisecond))
	}
}

const doClock = "set the clocks by NTP: retries, ages and signatures are worked out of both"

// list names a few and counts the others.
func list(names []string) string {
	const few = 3
	if len(names) <= few {
		return strings.Join(names, ", ")
	}
	return strings.Join(names[:few], ", ") + " and others"
}
