package collector

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
)

const apiKey = "collector-0123456789abcdef"

// installation is the four services on a nats-server and a Redis.
type installation struct {
	events, api, nats string // addresses
}

// install builds everything, runs it with the collector's address, and returns
// when it is ready.
func install(t *testing.T, c *collector) *installation {
	t.Helper()
	dir := t.TempDir()
	posthaste := build(t, dir, "posthaste", "./services/cmd/posthaste")
	natsServer := build(t, dir, "nats-server", "github.com/nats-io/nats-server/v2")
	i := &installation{events: freeAddr(t), api: freeAddr(t), nats: freeAddr(t)}
	host, port, _ := net.SplitHostPort(i.nats)
	run(t, natsServer, nil, "-a", host, "-p", port, "-js", "-sd", filepath.Join(dir, "nats"))
	redis := miniredis.RunT(t)

	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	common := []string{
		"POSTHASTE_NATS_URL=nats://" + i.nats, "POSTHASTE_REDIS_URL=redis://" + redis.Addr() + "/0", "POSTHASTE_API_KEY=" + apiKey,
		"POSTHASTE_ENCRYPTION_KEYS=first:" + base64.StdEncoding.EncodeToString(key), "POSTHASTE_RETRY_DELAYS=100ms",
		"POSTHASTE_HISTORY_FILE=" + filepath.Join(dir, "history.db"),
		"POSTHASTE_ALLOW_INSECURE_ENDPOINTS=true", "POSTHASTE_ALLOW_NETWORKS=127.0.0.0/8,::1/128",
		"OTEL_EXPORTER_OTLP_ENDPOINT=" + c.url, "OTEL_BSP_SCHEDULE_DELAY=50", "OTEL_BLRP_SCHEDULE_DELAY=50", "OTEL_METRIC_EXPORT_INTERVAL=200",
	}
	for service, addr := range map[string]string{"ingest": i.events, "control": i.api, "router": "", "dispatcher": ""} {
		admin := freeAddr(t)
		settings := append([]string{"POSTHASTE_ADMIN_ADDR=" + admin}, common...)
		if addr != "" {
			settings = append(settings, "POSTHASTE_ADDR="+addr)
		}
		log := run(t, posthaste, settings, service)
		eventually(t, service+" to be ready", func() bool {
			res, err := http.Get("http://" + admin + "/readyz")
			if err != nil {
				return false
			}
			_ = res.Body.Close()
			return res.StatusCode == http.StatusOK
		}, log.String)
	}
	return i
}

// build is as in the workspace, which this module is outside of.
func build(t *testing.T, dir, name, pkg string) string {
	t.Helper()
	out := filepath.Join(dir, name)
	cmd := exec.Command("go", "build", "-buildvcs=false", "-o", out, pkg)
	cmd.Dir = "../../.."
	if !strings.HasPrefix(pkg, ".") {
		cmd.Dir += "/services" // whose tool it is
	}
	cmd.Env = append(os.Environ(), "GOWORK=")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build %s: %v\n%s", pkg, err, text)
	}
	return out
}

// run starts a process that ends with the test, and returns what it writes.
func run(t *testing.T, binary string, settings []string, args ...string) *output {
	t.Helper()
	log := &output{}
	cmd := exec.Command(binary, args...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}, settings...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s %s:\n%s", filepath.Base(binary), strings.Join(args, " "), log)
		}
	})
	return log
}

// output is safe for concurrent use.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// eventually waits for a minute; more tells why it was in vain.
func eventually(t *testing.T, what string, met func() bool, more func() string) {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if met() {
			return
		}
	}
	if more != nil {
		t.Log(more())
	}
	t.Fatalf("waited in vain for %s", what)
}

// call makes a request of the API.
func call(t *testing.T, want int, url, body string, header http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = http.Header{"Authorization": {"Bearer " + apiKey}, "Content-Type": {"application/json"}}
	for name, values := range header {
		req.Header[name] = values
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if text, _ := io.ReadAll(res.Body); res.StatusCode != want {
		t.Fatalf("%s: %d %s", url, res.StatusCode, text)
	}
}
