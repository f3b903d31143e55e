package preflight

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/settings"
	"github.com/posthaste/posthaste/services/internal/testbed"
)

// monitored is a server whose monitoring port answers, and its address.
func monitored(t *testing.T, change func(*natsserver.Options)) (p Process, monitor string) {
	t.Helper()
	s := serve(t, func(o *natsserver.Options) {
		o.HTTPHost, o.HTTPPort = "127.0.0.1", -1
		change(o)
	})
	return process(t, s.ClientURL()), "http://" + s.MonitorAddr().String()
}

func TestDurability(t *testing.T) {
	t.Parallel()
	always, alwaysAt := monitored(t, func(o *natsserver.Options) { o.SyncAlways = true })
	seldom, seldomAt := monitored(t, func(*natsserver.Options) {}) // 2m is NATS's own
	often, oftenAt := monitored(t, func(o *natsserver.Options) { o.SyncInterval = 10 * time.Second })
	strange := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(strange.Close)
	for name, c := range map[string]struct {
		p                   Process
		durability, monitor string
		level               Level
		part                string
	}{
		"strict, synced":        {always, Strict, alwaysAt, OK, "syncs each write"},
		"strict, now and then":  {often, Strict, oftenAt, Refuse, "EVENTS, DELIVERIES, DELAYS and others have fewer than 3 copies, and NATS syncs every 10s"},
		"strict, one of two":    {always, Strict, alwaysAt + "," + seldomAt, Refuse, "syncs every 2m0s"},
		"strict, not known":     {always, Strict, "", Refuse, "is unknown (POSTHASTE_NATS_MONITOR_URL is not set)"},
		"strict, no monitor":    {always, Strict, strange.URL, Refuse, "has no /varz of a NATS server (status 404)"},
		"strict, monitor away":  {always, Strict, "http://u:hush@127.0.0.1:1", Refuse, "does not answer"},
		"standard, seldom":      {seldom, Standard, seldomAt, Warn, "syncs every 2m0s"},
		"standard, often":       {often, Standard, oftenAt + "/", Note, "syncs every 10s"},
		"standard, not known":   {often, Standard, "", Unknown, "is unknown"},
		"standard, each write ": {always, Standard, alwaysAt, OK, "syncs each write"},
	} {
		p := c.p
		p.Durability, p.Monitor = c.durability, settings.SecretURL(c.monitor)
		r := Run(t.Context(), p)
		wantFinding(t, r, "durability", c.level, c.part)
		if found := r.of("durability"); strings.Contains(strings.Join(found, ""), "hush") {
			t.Errorf("%s shows the password: %q", name, found)
		}
	}
}

// cluster starts three servers that know each other.
func cluster(t *testing.T) []*natsserver.Server {
	t.Helper()
	var all []*natsserver.Server
	var routes string
	for i := range 3 {
		all = append(all, serve(t, func(o *natsserver.Options) {
			o.ServerName = "n" + strconv.Itoa(i)
			o.Cluster = natsserver.ClusterOpts{Name: "c", Host: "127.0.0.1", Port: -1}
			o.Routes = natsserver.RoutesFromStr(routes)
		}))
		if i == 0 {
			routes = "nats-route://" + all[0].ClusterAddr().String()
		}
	}
	testbed.Eventually(t, "a leader of the cluster", func() bool {
		return slices.ContainsFunc(all, (*natsserver.Server).JetStreamIsLeader)
	})
	return all
}

// Three copies are as durable as it gets; one that is gone is told of.
func TestCopies(t *testing.T) {
	t.Parallel()
	nodes := cluster(t)
	p := process(t, nodes[0].ClientURL(), func(c *bus.Config) { c.Replicas, c.NATSWait = 3, 3*testbed.Patience })
	p.Durability = Strict
	testbed.Eventually(t, "all copies are there", func() bool { return Run(t.Context(), p).of("copies") == nil })
	wantFinding(t, Run(t.Context(), p), "durability", OK, "all streams have 3 copies")
	nodes[2].Shutdown()
	testbed.Eventually(t, "the one that is gone is told of", func() bool {
		r := Run(t.Context(), p)
		return strings.Contains(strings.Join(r.of("copies"), " "), "warn: the copy of EVENTS on n2") && r.Err() == nil
	})
}

func TestWindow(t *testing.T) {
	t.Parallel()
	p := process(t, testbed.StartNATS(t).URL())
	byHand(t, p.Bus, bus.StreamDeliveries, func(c *jetstream.StreamConfig) { c.Duplicates = 10 * time.Second })
	wantFinding(t, Run(t.Context(), p), "dedup-window", Refuse, "DELIVERIES remembers message ids for 10s, and what fell silent is handed out again after 30s")
}

// Where another service provisions, it may be about to.
func TestDoesNotRefuseWhatAnotherMends(t *testing.T) {
	t.Parallel()
	p := process(t, testbed.StartNATS(t).URL())
	byHand(t, p.Bus, bus.StreamDeliveries, func(c *jetstream.StreamConfig) { c.Duplicates = 10 * time.Second })
	byHand(t, p.Bus, bus.StreamEvents, func(c *jetstream.StreamConfig) { c.MaxAge = time.Hour })
	p.Streams.Provision = false
	r := Run(t.Context(), p)
	wantFinding(t, r, "dedup-window", Warn, "DELIVERIES remembers")
	if found := r.of("drift"); len(found) != 2 || r.Err() != nil {
		t.Errorf("found %q, %v", found, r.Err())
	}
}

// byHand changes a stream as somebody with the nats tool would.
func byHand(t *testing.T, b *bus.Bus, stream string, change func(*jetstream.StreamConfig)) {
	t.Helper()
	info, err := b.StreamInfo(t.Context(), stream)
	if err != nil {
		t.Fatal(err)
	}
	cfg := info.Config
	change(&cfg)
	if _, err := b.JS.UpdateStream(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
}

func TestDrift(t *testing.T) {
	t.Parallel()
	for part, c := range map[string]struct {
		stream string
		change func(*jetstream.StreamConfig)
		level  Level
	}{
		"stream EVENTS: discard is DiscardOld, and the settings say DiscardNew": {bus.StreamEvents, func(c *jetstream.StreamConfig) { c.Discard = jetstream.DiscardOld }, Refuse},
		"stream EVENTS: max_age is 1h0m0s, and the settings say 72h0m0s":        {bus.StreamEvents, func(c *jetstream.StreamConfig) { c.MaxAge = time.Hour }, Refuse},
		"stream EVENTS: max_age is 100h0m0s":                                    {bus.StreamEvents, func(c *jetstream.StreamConfig) { c.MaxAge = 100 * time.Hour }, Warn},
		"stream EVENTS: allow_direct is true":                                   {bus.StreamEvents, func(c *jetstream.StreamConfig) { c.AllowDirect = true }, Refuse},
		"stream DELIVERIES: max_age is 1h0m0s, and the settings say no limit":   {bus.StreamDeliveries, func(c *jetstream.StreamConfig) { c.MaxAge = time.Hour }, Refuse},
		"stream DELAYS: max_msgs is 10, and the settings say no limit":          {bus.StreamDelays, func(c *jetstream.StreamConfig) { c.MaxMsgs = 10 }, Warn},
		"stream DELAYS: subjects is delays.1s.>":                                {bus.StreamDelays, func(c *jetstream.StreamConfig) { c.Subjects = []string{"delays.1s.>"} }, Refuse},
		"stream ATTEMPTS: duplicate_window is 2m0s":                             {bus.StreamAttempts, func(c *jetstream.StreamConfig) { c.Duplicates = 2 * time.Minute }, Warn},
		"stream KV_keys: max_age is 1h0m0s":                                     {"KV_keys", func(c *jetstream.StreamConfig) { c.MaxAge, c.Duplicates = time.Hour, time.Minute }, Refuse},
	} {
		p := process(t, testbed.StartNATS(t).URL())
		byHand(t, p.Bus, c.stream, c.change)
		wantFinding(t, Run(t.Context(), p), "drift", c.level, part)
	}
}

// Nothing but to make it anew helps there.
func TestDriftOfStorage(t *testing.T) {
	t.Parallel()
	p := process(t, testbed.StartNATS(t).URL())
	info, err := p.Bus.StreamInfo(t.Context(), bus.StreamRejected)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Bus.JS.DeleteStream(t.Context(), bus.StreamRejected); err != nil {
		t.Fatal(err)
	}
	info.Config.Storage = jetstream.MemoryStorage
	if _, err := p.Bus.JS.CreateStream(t.Context(), info.Config); err != nil {
		t.Fatal(err)
	}
	r := Run(t.Context(), p)
	wantFinding(t, r, "drift", Refuse, "stream REJECTED: storage is Memory, and the settings say File")
	if !strings.Contains(r.Err().Error(), "provisioning cannot change that") {
		t.Error(r.Err())
	}
}

func TestDriftOfConsumers(t *testing.T) {
	t.Parallel()
	p := process(t, testbed.StartNATS(t).URL())
	c, err := p.Bus.JS.Consumer(t.Context(), bus.StreamDeliveries, string(bus.LaneFresh))
	if err != nil {
		t.Fatal(err)
	}
	cfg := c.CachedInfo().Config
	cfg.MaxDeliver, cfg.MaxAckPending = 5, 100
	if _, err := p.Bus.JS.UpdateConsumer(t.Context(), bus.StreamDeliveries, cfg); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"warn: consumer fresh of DELIVERIES: max_ack_pending is 100, and the settings say 8192",
		"refuse: consumer fresh of DELIVERIES: max_deliver is 5, and the settings say -1",
	}
	if found := Run(t.Context(), p).of("drift"); !slices.Equal(found, want) {
		t.Errorf("found %q", found)
	}
	p.Consumers = false // whose user may not look
	wantFinding(t, Run(t.Context(), p), "drift", OK, "as the settings say")
}
