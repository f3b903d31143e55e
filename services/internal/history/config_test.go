package history

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/posthaste/posthaste/services/internal/settings"
)

func TestConfig(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*Config)
		says   string // "" where it is fine
	}{
		"defaults":           {func(*Config) {}, ""},
		"postgres":           {func(c *Config) { c.DatabaseURL = "postgres://u:hunter2@db.example.com:5432/h?sslmode=require" }, ""},
		"postgresql, socket": {func(c *Config) { c.DatabaseURL = "postgresql:///h?host=/run/postgresql" }, ""},
		"sqlite":             {func(c *Config) { c.DatabaseURL, c.File = "sqlite:h.db", "" }, ""},
		"sqlite, three /":    {func(c *Config) { c.DatabaseURL = "sqlite:///var/lib/h.db" }, ""},
		"sqlite, a host":     {func(c *Config) { c.DatabaseURL = "sqlite://h.db" }, "database-url: "},
		"sqlite, no path":    {func(c *Config) { c.DatabaseURL = "sqlite:" }, "database-url: "},
		"another scheme":     {func(c *Config) { c.DatabaseURL = "mysql://u:hunter2@db/h" }, "database-url: "},
		"a bad port":         {func(c *Config) { c.DatabaseURL = "postgres://u:hunter2@db:x/h" }, "database-url: "},
		"a bad escape":       {func(c *Config) { c.DatabaseURL = "postgres://u:hunter2%zz@db/h" }, "database-url: "},
		"a bad sslmode":      {func(c *Config) { c.DatabaseURL = "postgres://u:hunter2@db/h?sslmode=odd" }, "database-url: "},
		"no scheme":          {func(c *Config) { c.DatabaseURL = "host=db password=hunter2" }, "database-url: "},
		"no slashes":         {func(c *Config) { c.DatabaseURL = "postgres:u:hunter2@db/h" }, "database-url: "},
		"nowhere":            {func(c *Config) { c.File = "" }, "history-file: "},
		"too young":          {func(c *Config) { c.MaxAge = time.Minute }, "history-max-age: must be at least 1h"},
		"too small":          {func(c *Config) { c.MaxBytes = settings.MiB }, "history-max-bytes: must be 0 or at least 16MiB"},
		"negative":           {func(c *Config) { c.MaxBytes = -1 }, "history-max-bytes: must not be negative"},
		"without limit":      {func(c *Config) { c.MaxBytes = 0 }, ""},
		"no batch":           {func(c *Config) { c.Batch = 0 }, "history-batch: must be 1 to"},
		"a huge batch":       {func(c *Config) { c.Batch = maxBatch + 1 }, "history-batch: must be 1 to"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := settings.Defaults[Config]()
			c.change(&cfg)
			err := cfg.Validate()
			if c.says == "" && err != nil {
				t.Error(err)
			}
			if c.says != "" && (err == nil || !strings.HasPrefix(err.Error(), c.says) || strings.Contains(err.Error(), "hunter2")) {
				t.Errorf("%v, want %q and no password", err, c.says)
			}
		})
	}
}

func TestNumbered(t *testing.T) {
	t.Parallel()
	if got, want := numbered("a = ? AND b IN (?,?)"), "a = $1 AND b IN ($2,$3)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Any name of a file is a file of that name.
func TestOddFileNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a?b#c%41.db", ":memory:", "ü x"} {
		path := t.TempDir() + "/" + name
		cfg := settings.Defaults[Config]()
		cfg.DatabaseURL = settings.SecretURL("sqlite:" + path)
		apply(t, open(t, cfg), post("d", 1, 200))
		if info, err := os.Stat(path); err != nil || info.Size() == 0 {
			t.Error(fmt.Errorf("%s: %w", name, err))
		}
	}
}
