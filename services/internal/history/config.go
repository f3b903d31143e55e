package history

import (
	"errors"
	"fmt"
	"time"

	"github.com/posthaste/posthaste/services/internal/settings"
)

// Config says where the history is kept and how much of it.
type Config struct {
	DatabaseURL settings.SecretURL `name:"database-url" group:"History" help:"Database of the delivery history: postgres://user:password@host/database, for a database or schema (?search_path=) of its own, or sqlite:path. Empty: SQLite in history-file."`
	File        string             `name:"history-file" group:"History" help:"SQLite file of the delivery history where database-url is empty. For one process that serves the API." default:"./.posthaste/history.db"`
	MaxAge      time.Duration      `name:"history-max-age" group:"History" unit:"duration" help:"How long a delivery is kept in the history after it was made." default:"720h"`
	MaxBytes    settings.Bytes     `name:"history-max-bytes" group:"History" unit:"bytes" help:"Size of the history above which its oldest deliveries go; 0 for no limit. Space in the database is reused, not given back." default:"4GiB"`
	Batch       int                `name:"history-batch" group:"History" unit:"count" help:"Records written to the history in one transaction, at the most." default:"500"`
	MaxLag      time.Duration      `name:"history-max-lag" group:"History" unit:"duration" help:"How far the history may fall behind while its process has more to do than its CPUs allow; 0 for no regard to that." default:"10s"`
}

// The least and the most that make sense.
const (
	minAge   = time.Hour
	minBytes = 16 * settings.MiB
	maxBatch = 5000
)

// Validate names the first setting that cannot work.
func (c *Config) Validate() error {
	if _, err := c.engine(); err != nil {
		return err
	}
	switch {
	case c.MaxAge < minAge:
		return fmt.Errorf("history-max-age: must be at least 1h, is %s", c.MaxAge)
	case c.MaxBytes < 0:
		return errors.New("history-max-bytes: must not be negative")
	case c.MaxBytes != 0 && c.MaxBytes < minBytes:
		return fmt.Errorf("history-max-bytes: must be 0 or at least %s, is %s", minBytes, c.MaxBytes)
	case c.MaxLag < 0:
		return fmt.Errorf("history-max-lag: must not be negative, is %s", c.MaxLag)
	case c.Batch < 1 || c.Batch > maxBatch:
		return fmt.Errorf("history-batch: must be 1 to %d, is %d", maxBatch, c.Batch)
	}
	return nil
}
