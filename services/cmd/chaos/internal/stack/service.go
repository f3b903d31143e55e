package stack

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/posthaste/posthaste/services/cmd/chaos/internal/link"
)

// Service is one process of Posthaste, with its ways to the servers.
type Service struct {
	*Process
	admin string
	// ToNATS has a link for each node. ToRedis is nil for who needs none.
	ToNATS  []*link.Link
	ToRedis *link.Link
}

// newService prepares a process; it does not start it.
func (s *Stack) newService(ctx context.Context, command, number string, more ...string) (*Service, error) {
	name := command + number
	admin, err := FreeAddr(ctx)
	if err != nil {
		return nil, err
	}
	service := &Service{admin: admin}
	urls := make([]string, len(s.Nodes))
	for i, n := range s.Nodes {
		way, err := s.open(ctx, name+">"+n.Name, n.addr)
		if err != nil {
			return nil, err
		}
		service.ToNATS = append(service.ToNATS, way)
		urls[i] = "nats://" + way.Addr()
	}
	settings := append(s.settings(), "POSTHASTE_ADMIN_ADDR="+admin, "POSTHASTE_NATS_URL="+strings.Join(urls, ","))
	if command == "dispatcher" || command == "control" {
		if service.ToRedis, err = s.open(ctx, name+">redis", s.Redis.addr); err != nil {
			return nil, err
		}
		settings = append(settings, "POSTHASTE_REDIS_URL=redis://"+service.ToRedis.Addr()+"/0")
	}
	service.Process = s.process(name, s.cfg.Binaries.Posthaste, append(settings, more...), command)
	return service, nil
}

func (s *Stack) open(ctx context.Context, name, to string) (*link.Link, error) {
	addr, err := FreeAddr(ctx)
	if err != nil {
		return nil, err
	}
	return s.Net.Open(name, addr, to)
}

// settings are those of all services. What a killed process held goes to
// another after 3 s.
func (s *Stack) settings() []string {
	env := []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + s.dir,
		"POSTHASTE_API_KEY=" + Key, "POSTHASTE_ENCRYPTION_KEYS=" + encryptionKey,
		"POSTHASTE_REPLICAS=" + strconv.Itoa(s.cfg.Nodes),
		"POSTHASTE_ACK_WAIT=3s", "POSTHASTE_DEDUP_WINDOW=1m", "POSTHASTE_PUBLISH_TIMEOUT=2s", "POSTHASTE_NATS_WAIT=60s",
		"POSTHASTE_MAX_IN_FLIGHT=64", "POSTHASTE_CIRCUIT_PROBE=2s", "POSTHASTE_GRACE=5s", "POSTHASTE_REQUEST_TIMEOUT=5s",
		"POSTHASTE_ALLOW_INSECURE_ENDPOINTS=true", "POSTHASTE_ALLOW_NETWORKS=127.0.0.0/8",
		"POSTHASTE_DIALECTS_FILE=" + filepath.Join(s.dir, "dialects.yaml"),
		"POSTHASTE_HISTORY_FILE=" + filepath.Join(s.dir, "history.db"),
	}
	return append(env, s.cfg.Env...)
}

// Change gives the service other settings, from its next start on.
func (s *Service) Change(settings map[string]string) { s.set(settings) }

var admin = &http.Client{Timeout: 2 * time.Second}

// Ready is nil when /readyz says so.
func (s *Service) Ready(ctx context.Context) error {
	res, err := s.get(ctx, "/readyz")
	if err != nil {
		return err
	}
	return res.Body.Close()
}

func (s *Service) get(ctx context.Context, path string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.admin+path, http.NoBody)
	if err != nil {
		return nil, err
	}
	res, err := admin.Do(req)
	if err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		res.Body.Close()
		return nil, fmt.Errorf("%s of %s: %s", path, s.Name, res.Status)
	}
	return res, nil
}

// Counter is the sum of a counter over its labels.
func (s *Service) Counter(ctx context.Context, name string) (sum float64, err error) {
	res, err := s.get(ctx, "/metrics")
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() {
		line := lines.Text()
		rest, ok := strings.CutPrefix(line, name)
		if !ok || rest == "" || rest[0] != '{' && rest[0] != ' ' {
			continue
		}
		value, err := strconv.ParseFloat(line[strings.LastIndexByte(line, ' ')+1:], 64)
		if err != nil {
			return 0, fmt.Errorf("metric %s: %w", name, err)
		}
		sum += value
	}
	return sum, lines.Err()
}
