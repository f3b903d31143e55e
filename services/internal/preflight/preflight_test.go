package preflight

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"

	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/settings"
	"github.com/posthaste/posthaste/services/internal/testbed"
)

// What is as it should be has nothing to be mended, also where nothing is there
// to be asked beside NATS.
func TestDefaults(t *testing.T) {
	t.Parallel()
	p := process(t, testbed.StartNATS(t).URL()).withRedis(t, testbed.RedisServer(t, "--appendonly", "yes"))
	r := Run(t.Context(), p)
	if found := r.worst(); len(found) != 0 {
		t.Errorf("found %q", found)
	}
	for check, part := range map[string]string{
		"max-payload": "largest event", "ack-wait": "no POST", "dedup-ttl": "remembered", "max-ack-pending": "18 dispatchers", "drift": "as the settings say",
		"clock-nats": "NATS", "clock-redis": "Redis", "redis-eviction": "drops no keys", "redis-persistence": "keeps its keys",
	} {
		wantFinding(t, r, check, OK, part)
	}
	wantFinding(t, r, "durability", Unknown, "POSTHASTE_NATS_MONITOR_URL is not set")
}

// A service is not asked about what it does not do.
func TestSaysNothingOfWhatAProcessDoesNotHave(t *testing.T) {
	t.Parallel()
	b := process(t, testbed.StartNATS(t).URL())
	r := Run(t.Context(), Process{Config: b.Config, Bus: b.Bus, Streams: b.Streams})
	for _, check := range []string{"max-payload", "ack-wait", "dedup-ttl", "max-ack-pending", "redis", "clock-redis"} {
		if found := r.of(check); found != nil {
			t.Errorf("%s found %q", check, found)
		}
	}
	wantFinding(t, r, "drift", OK, "as the settings say")
}

func TestPayload(t *testing.T) {
	t.Parallel()
	s := serve(t, func(o *natsserver.Options) { o.MaxPayload = 300 << 10 })
	wantFinding(t, Run(t.Context(), process(t, s.ClientURL())), "max-payload", Refuse, "an event of 256KiB makes a delivery of up to 416KiB, and NATS takes 300KiB")
}

func TestSettingsThatDoNotGoTogether(t *testing.T) {
	t.Parallel()
	healthy := process(t, testbed.StartNATS(t).URL())
	for check, c := range map[string]struct {
		change func(*Process)
		part   string
	}{
		"ack-wait":        {func(p *Process) { p.RequestTimeout = 31 * time.Second }, "a POST may take 31s, and NATS waits 30s"},
		"dedup-ttl":       {func(p *Process) { p.DedupTTL = 59 * time.Second }, "remembered for 59s, and may be handed out again after 1m0s"},
		"max-ack-pending": {func(p *Process) { p.InHand = 8193 }, "hold 8193 deliveries of a lane, and NATS hands out 8192"},
	} {
		p := healthy
		c.change(&p)
		wantFinding(t, Run(t.Context(), p), check, Warn, c.part)
	}
	for level, limit := range map[Level]settings.Bytes{Note: 0, OK: settings.GiB} {
		p := healthy
		p.Streams.EventsMaxBytes, p.Streams.DeliveriesMaxBytes = settings.GiB, limit
		wantFinding(t, Run(t.Context(), p), "room", level, "")
	}
	both := healthy
	both.Streams.DeliveriesMaxBytes, both.Streams.DelaysMaxBytes = settings.GiB, settings.GiB
	wantFinding(t, Run(t.Context(), both), "room", Warn, "both have a limit")
	p := healthy
	p.InHand = 4097
	wantFinding(t, Run(t.Context(), p), "max-ack-pending", Warn, "no room for a second")
}

func TestClocks(t *testing.T) {
	t.Parallel()
	healthy := process(t, testbed.StartNATS(t).URL()).withRedis(t, testbed.RedisURL(t))
	for _, c := range []struct {
		ahead time.Duration // of this machine
		level Level
		part  string
	}{
		{10 * time.Second, Warn, "s behind this machine's"},
		{-10 * time.Second, Warn, "s ahead of this machine's"},
		{time.Hour, Refuse, "behind this machine's"},
		{-time.Hour, Refuse, "ahead of this machine's"},
	} {
		p := healthy
		p.Now = func() time.Time { return time.Now().Add(c.ahead) }
		r := Run(t.Context(), p)
		wantFinding(t, r, "clock-nats", c.level, c.part)
		wantFinding(t, r, "clock-redis", c.level, c.part)
	}
}

// What refuses a start says all of it, and what to do.
func TestRefusalNamesAll(t *testing.T) {
	t.Parallel()
	p := process(t, testbed.StartNATS(t).URL())
	p.Durability, p.MaxEventBytes = Strict, 8<<20
	r := Run(t.Context(), p)
	err := r.Err()
	if err == nil {
		t.Fatal("no refusal")
	}
	for _, part := range []string{"durability: ", "POSTHASTE_REPLICAS=3", "max-payload: ", "POSTHASTE_MAX_EVENT_BYTES"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q lacks %q", err, part)
		}
	}
	var log bytes.Buffer
	r.Log(t.Context(), slog.New(slog.NewTextHandler(&log, nil)))
	if text := log.String(); strings.Count(text, "level=ERROR") != 2 || strings.Contains(text, "check=clock-nats") {
		t.Errorf("the log:\n%s", text)
	}
}

func TestNothingIsThereYet(t *testing.T) {
	t.Parallel()
	cfg := settings.Defaults[bus.Config]()
	cfg.NATSURL = settings.SecretURL(testbed.StartNATS(t).URL())
	b, err := bus.Dial(t.Context(), cfg, "test", quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	r := Run(t.Context(), Process{Config: settings.Defaults[Config](), Bus: b, Streams: cfg, Consumers: true})
	found := r.of("streams")
	if len(found) != len(b.Kept()) || !strings.HasPrefix(found[0], "note: EVENTS is not there yet") {
		t.Errorf("found %q", found)
	}
	if extra := r.worst(); len(extra) > 0 {
		t.Errorf("found more: %q", extra)
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	for url, ok := range map[string]bool{
		"": true, "http://127.0.0.1:8222": true, "https://a:1,http://u:hush@b:2/": true,
		"127.0.0.1:8222": false, "nats://127.0.0.1:4222": false, "http://": false, "http://a:1,b": false, "http://u:hush@[": false,
	} {
		err := (&Config{Durability: Standard, Monitor: settings.SecretURL(url)}).Validate()
		if (err == nil) != ok || err != nil && (!strings.HasPrefix(err.Error(), "nats-monitor-url: must") || strings.Contains(err.Error(), "hush")) {
			t.Errorf("%q: %v", url, err)
		}
	}
}
