package notify

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nicholas-fedor/shoutrrr/pkg/router"

	"github.com/posthaste/posthaste/services/internal/settings"
)

func TestValidate(t *testing.T) {
	t.Parallel()
	good := settings.Defaults[Config]()
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Config){
		"notify-timeout: must be from 1ms to 5m0s, is 0s":          func(c *Config) { c.Timeout = 0 },
		"notify-timeout: must be from 1ms to 5m0s, is 1h0m0s":      func(c *Config) { c.Timeout = time.Hour },
		"notify-attempts: must be from 1 to 1000, is 0":            func(c *Config) { c.Attempts = 0 },
		"notify-attempts: must be from 1 to 1000, is 1001":         func(c *Config) { c.Attempts = 1001 },
		"notify-urls: URL 2 of 2: slak: there is no such service":  func(c *Config) { c.URLs = []settings.Secret{"generic://h\nslak://hook:hush@webhook"} },
		"notify-urls: URL 1 of 1: smtp: not a URL as this service": func(c *Config) { c.URLs = []settings.Secret{"smtp://u:hush@host/?from=a@b.example"} },
		"notify-urls: URL 1 of 1: smtp: not a URL; special":        func(c *Config) { c.URLs = []settings.Secret{"smtp://u:hu%sh@host:2x5/"} },
		"notify-urls: URL 1 of 1: must begin with a service":       func(c *Config) { c.URLs = []settings.Secret{"hush"} },
		"notify-urls: URL 1 of 1: logger: would only write":        func(c *Config) { c.URLs = []settings.Secret{"logger://"} },
		"notify-urls: URL 1 of 1: generic: not a URL as this":      func(c *Config) { c.URLs = []settings.Secret{"generic+https://hush@h/?disabletls=hush"} },
	} {
		cfg := good
		change(&cfg)
		if err := cfg.Validate(); err == nil || !strings.HasPrefix(err.Error(), name) {
			t.Errorf("got %v, want %s", err, name)
		}
	}
}

// No URL, however wrong, panics or shows more than its scheme.
func TestBadURLsKeepSecrets(t *testing.T) {
	t.Parallel()
	refused := 0
	for _, service := range new(router.ServiceRouter).ListServices() {
		for _, rest := range []string{
			"://hush", "://hush:hush@hush", "://hush:hush@host:hush/", "://hush@host:1/hush/hush?hush=hush&title=hush&disabletls=hush",
			"+https://hush:hush@hush/hush?method=hush&disabletls=hush&priority=hush&template=hush", "://%hush", "://hush\x01", ":hush", "+hush://", "hush", "://",
		} {
			cfg := Config{URLs: []settings.Secret{settings.Secret(service + rest)}, Timeout: time.Second, Attempts: 1}
			err := cfg.Validate()
			if err == nil {
				continue // one that some service takes
			}
			refused++
			keepsSecrets(t, service+"'s error", err.Error())
		}
	}
	if refused < 100 {
		t.Errorf("only %d refused", refused)
	}
}

// Validation connects to nothing, whoever the service logs in with.
func TestValidateConnectsToNothing(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cfg := settings.Defaults[Config]()
	for _, scheme := range []string{"matrix", "Matrix"} {
		cfg.URLs = append(cfg.URLs, settings.Secret(fmt.Sprintf("%s://user:hush@%s/?rooms=!a:b&disableTLS=yes", scheme, l.Addr())))
	}
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	// Whatever had connected would wait before this one.
	own, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	first, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	if first.RemoteAddr().String() != own.LocalAddr().String() {
		t.Error("validation connected")
	}
	_ = l.Close()
}

// The list can be said everywhere, and shows nowhere.
func TestURLsAsSettings(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	lines, yaml := filepath.Join(dir, "urls"), filepath.Join(dir, "config.yaml")
	const a, b = "smtp://u:hush@host:25/?from=a@b.example&to=c@d.example,e@f.example", "generic://host/hush"
	for path, text := range map[string]string{lines: a + "\n" + b + "\n", yaml: "notify-urls:\n  - " + a + "\n  - " + b + "\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{
		{"--notify-urls=" + a, "--notify-urls=" + b},
		{"--notify-urls=" + a + " " + b},
		{"--notify-urls-file=" + lines},
		{"--config=" + yaml},
	} {
		var got []string
		var shown string
		command := settings.For("notify", "tells", func(_ context.Context, c Config) error {
			got = c.split()
			shown = fmt.Sprintf("%v %+v %#v", c, c, c)
			return nil
		})
		var out bytes.Buffer
		if code := settings.Run(t.Context(), "posthaste", []settings.Command{command}, append([]string{"notify"}, args...), nil, &out, &out); code != 0 || len(got) != 2 || got[0] != a || got[1] != b {
			t.Errorf("%s: exit %d, %d URLs, %s", args[0][:14], code, len(got), out.String())
		}
		keepsSecrets(t, "the config", shown)
	}
}
