package apikeys

import "fmt"

// Config bounds the keys.
type Config struct {
	MaxKeys int `name:"max-api-keys" group:"Access" unit:"count" help:"API keys of one tenant, and those of operators together. Creates at the same moment may pass it by a few." default:"100"`
}

// mostKeys bounds one answer: the list has no pages.
const mostKeys = 10000

// Validate names the setting that cannot work.
func (c *Config) Validate() error {
	if c.MaxKeys < 1 || c.MaxKeys > mostKeys {
		return fmt.Errorf("max-api-keys: must be 1 to %d, is %d", mostKeys, c.MaxKeys)
	}
	return nil
}
