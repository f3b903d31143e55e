package settings

import (
	"log/slog"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestPrecedence(t *testing.T) {
	t.Parallel()
	file := writeFile(t, "workers: 11\n")
	env := []string{"POSTHASTE_CONFIG=" + file, "POSTHASTE_WORKERS=22"}
	for _, test := range []struct {
		name string
		env  []string
		args []string
		want int
	}{
		{"default", nil, nil, 4},
		{"file", env[:1], nil, 11},
		{"file by flag", nil, []string{"--config", file}, 11},
		{"environment over file", env, nil, 22},
		{"flag over environment", env, []string{"--workers=33"}, 33},
		{"flag over file", env[:1], []string{"--workers", "33"}, 33},
		{"empty environment is unset", []string{env[0], "POSTHASTE_WORKERS="}, nil, 11},
		{"last flag counts", nil, []string{"--workers=1", "--workers=2"}, 2},
		{"last of equal variables counts", []string{"POSTHASTE_WORKERS=1", "POSTHASTE_WORKERS=2"}, nil, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := runWith(t, nil, test.env, append([]string{"ingest"}, test.args...)...)
			if r.code != 0 || r.ingest.Workers != test.want {
				t.Errorf("got %+v %s, want %d", r.ingest, r.stderr, test.want)
			}
		})
	}
}

// TestThreePlacesSayTheSame says every type as flag, environment and file.
func TestThreePlacesSayTheSame(t *testing.T) {
	t.Parallel()
	want := Defaults[ingestConfig]()
	want.LogLevel, want.RedisURL = slog.LevelWarn, "redis://:pw@r:6379/1"
	want.Addr, want.MaxEventBytes, want.Timeout = ":9", MiB, 90*time.Second
	want.Workers, want.Queue, want.Burst, want.Sample = 5, 1<<40, 9, 0.5
	want.Debug, want.Tags, want.Mode = true, []string{"x", "y"}, "loose"
	want.Trusted = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
	want.APIKey, want.Pepper, want.Store.Path = "k1", "p1", "/s"
	said := map[string]string{
		"log-level": "warn", "redis-url": "redis://:pw@r:6379/1", "addr": ":9", "max-event-bytes": "1MiB",
		"timeout": "1m30s", "workers": "5", "queue": "1099511627776", "burst": "9", "sample": "0.5", "debug": "true",
		"tags": "x, y", "mode": "loose", "trusted": "192.0.2.0/24", "api-key": "k1", "pepper": "p1", "store-path": "/s",
	}
	var flags, env []string
	var plain, quoted strings.Builder
	for name, value := range said {
		flags = append(flags, "--"+name+"="+value)
		env = append(env, envName(name)+"="+value)
		quoted.WriteString(name + `: "` + value + "\"\n")
		switch name {
		case "tags":
			plain.WriteString("tags:\n  - x # the first\n  - y\n")
		case "addr":
			plain.WriteString("addr: ':9'\n")
		default:
			plain.WriteString(name + ": " + value + "\n")
		}
	}
	for name, r := range map[string]result{
		"flags":       runWith(t, nil, nil, append([]string{"ingest"}, flags...)...),
		"environment": runWith(t, nil, env, "ingest"),
		"plain file":  runWith(t, nil, nil, "ingest", "--config="+writeFile(t, plain.String())),
		"quoted file": runWith(t, nil, nil, "ingest", "--config="+writeFile(t, quoted.String())),
	} {
		if r.code != 0 || !reflect.DeepEqual(*r.ingest, want) {
			t.Errorf("%s: %d %s %+v", name, r.code, r.stderr, r.ingest)
		}
	}
}

func TestValues(t *testing.T) {
	t.Parallel()
	r := runWith(t, nil, nil, "ingest", "--tags=a,,b", "--tags", "c", "--debug", "-t", "3s")
	if r.code != 0 || len(r.ingest.Tags) != 3 || !r.ingest.Debug || r.ingest.Timeout != 3*time.Second {
		t.Errorf("%s %+v", r.stderr, r.ingest)
	}
	r = runWith(t, nil, []string{"POSTHASTE_DEBUG=yes"}, "ingest", "--no-debug")
	if r.code != 0 || r.ingest.Debug {
		t.Errorf("negated: %s %+v", r.stderr, r.ingest)
	}
	r = runWith(t, nil, nil, "ingest", "--config="+writeFile(t, "# only a comment\n"))
	if r.code != 0 {
		t.Error(r.stderr)
	}
	r = runWith(t, nil, nil, "ingest", "--config="+writeFile(t, "workers:\nqueue: ~\ntags: []\nmax-event-bytes: 1024\n"))
	if r.code != 0 || r.ingest.Workers != 4 || r.ingest.Queue != 100 || len(r.ingest.Tags) != 0 || r.ingest.MaxEventBytes != KiB {
		t.Errorf("nulls: %s %+v", r.stderr, r.ingest)
	}
}

// TestSharedPlaces says settings of one command while another runs.
func TestSharedPlaces(t *testing.T) {
	t.Parallel()
	file := writeFile(t, "attempts: many\nstore-path: /x\n")
	env := []string{
		"PATH=/bin", "POSTHASTE_CONFIG=" + file, "POSTHASTE_ATTEMPTS=none of ours",
		"POSTHASTE_TEST_NATS=nats://x", "POSTHASTE_EMPTY=",
		"POSTHASTE_INGEST_SERVICE_HOST=10.0.0.1", "POSTHASTE_INGEST_SERVICE_PORT=80",
		"POSTHASTE_INGEST_SERVICE_PORT_HTTP=80", "POSTHASTE_INGEST_PORT=tcp://10.0.0.1:80",
		"POSTHASTE_INGEST_PORT_80_TCP=tcp://10.0.0.1:80", "POSTHASTE_INGEST_PORT_80_TCP_PROTO=tcp",
		"POSTHASTE_INGEST_PORT_80_TCP_PORT=80", "POSTHASTE_INGEST_PORT_80_TCP_ADDR=10.0.0.1",
		"POSTHASTE_PORT=tcp://10.0.0.1:80", "POSTHASTE_SERVICE_HOST=10.0.0.1",
	}
	r := runWith(t, nil, env, "ingest")
	if r.code != 0 || r.ingest.Store.Path != "/x" || r.ingest.Addr != ":8080" {
		t.Errorf("%+v", r)
	}
	if other := runWith(t, nil, nil, "send", "--attempts=1", "f"); other.send.Addr != "localhost:8080" {
		t.Errorf("a shared name has its own default: %+v", other.send)
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	c := Defaults[ingestConfig]()
	if c.MaxEventBytes != 256*KiB || c.Timeout != 15*time.Second || len(c.Trusted) != 2 || c.Store.Path != "/data" ||
		c.RedisURL != "redis://localhost:6379" || c.Sample != 0.25 {
		t.Errorf("%+v", c)
	}
}
