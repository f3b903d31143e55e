package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/posthaste/posthaste/pkg/client"
	"github.com/posthaste/posthaste/services/internal/settings"
)

// serverConfig says which server to speak with, and as whom.
type serverConfig struct {
	URL    string          `name:"url" group:"Server" unit:"URL" help:"Address of the API." default:"http://127.0.0.1:8080"`
	APIKey settings.Secret `name:"api-key" group:"Server" secret:"" help:"API key. Where none is given the file .posthaste/api-key is read, which posthaste dev keeps in its working directory."`
	Tenant string          `name:"tenant" group:"Server" help:"Tenant to act for; an operator's key may name any. Empty: the key's own."`
	JSON   bool            `name:"json" group:"Output" help:"Print one JSON value a line, for programs."`
}

// retryFor is how long a person waits for a server that is away.
const retryFor = 5 * time.Second

// maxKeyFile is far above any key.
const maxKeyFile = 4096

// dial makes the client.
func (t *Terminal) dial(cfg serverConfig) (*client.Client, error) {
	key, err := t.key(cfg)
	if err != nil {
		return nil, err
	}
	c, err := client.New(cfg.URL, key, client.WithTenant(cfg.Tenant), client.WithRetry(retryFor), client.WithUserAgent("posthaste-cli"))
	if err != nil {
		return nil, fmt.Errorf("url %.100q or api-key: %w", cfg.URL, err)
	}
	return c, nil
}

// key is the one that is set, else that of posthaste dev.
func (t *Terminal) key(cfg serverConfig) (string, error) {
	if cfg.APIKey.Set() {
		return cfg.APIKey.Reveal(), nil
	}
	f, err := os.Open(t.KeyFile)
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("api-key: is required; give --api-key or POSTHASTE_API_KEY, or work where posthaste dev keeps %s", t.KeyFile)
	}
	if err != nil {
		return "", fmt.Errorf("api-key: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxKeyFile+1))
	if err != nil {
		return "", fmt.Errorf("api-key: %w", err)
	}
	key := strings.TrimSpace(string(text))
	if key == "" || len(text) > maxKeyFile {
		return "", fmt.Errorf("api-key: file %s does not hold a key", t.KeyFile)
	}
	return key, nil
}
