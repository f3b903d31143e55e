package preflight

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/posthaste/posthaste/services/internal/settings"
)

// syncing is how often NATS writes what it has to the disk itself.
type syncing struct {
	always bool
	every  time.Duration // of the server that does it most seldom
}

var errNoMonitor = errors.New("POSTHASTE_NATS_MONITOR_URL is not set")

// syncs asks all servers. JetStream's own API does not tell.
func (p *Process) syncs(ctx context.Context) (syncing, error) {
	all := p.monitors()
	if len(all) == 0 {
		return syncing{}, errNoMonitor
	}
	found := syncing{always: true}
	client := &http.Client{Timeout: monitorTimeout, Transport: &http.Transport{DisableKeepAlives: true}}
	for _, server := range all {
		s, err := askSync(ctx, client, server)
		if err != nil {
			return syncing{}, err
		}
		found.always = found.always && s.always
		found.every = max(found.every, s.every)
	}
	return found, nil
}

const (
	monitorTimeout = 3 * time.Second
	maxMonitor     = 1 << 20 // far above any /varz
)

// askSync reads /varz. Its address may hold a password, which no error shows.
func askSync(ctx context.Context, client *http.Client, server string) (syncing, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, server+"/varz", http.NoBody)
	if err != nil {
		return syncing{}, fmt.Errorf("%s cannot be asked", settings.SecretURL(server))
	}
	resp, err := client.Do(req)
	if err != nil {
		var failed *url.Error
		if errors.As(err, &failed) {
			err = failed.Err
		}
		return syncing{}, fmt.Errorf("%s does not answer: %w", settings.SecretURL(server), err)
	}
	defer resp.Body.Close()
	var varz struct {
		JetStream struct {
			Config *struct {
				Interval time.Duration `json:"sync_interval"`
				Always   bool          `json:"sync_always"`
			} `json:"config"`
		} `json:"jetstream"`
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxMonitor)).Decode(&varz); err != nil || resp.StatusCode != http.StatusOK {
		return syncing{}, fmt.Errorf("%s has no /varz of a NATS server (status %d)", settings.SecretURL(server), resp.StatusCode)
	}
	if varz.JetStream.Config == nil {
		return syncing{}, fmt.Errorf("%s has no JetStream", settings.SecretURL(server))
	}
	return syncing{always: varz.JetStream.Config.Always, every: varz.JetStream.Config.Interval}, nil
}
