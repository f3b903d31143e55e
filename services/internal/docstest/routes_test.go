package docstest

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/posthaste/posthaste/services/allinone"
	"github.com/posthaste/posthaste/services/internal/settings"
)

var routeRow = regexp.MustCompile("(?m)^\\| `([A-Z]+ /v1/[^`]*)` \\|")

// notDescribed are the routes that openapi.json does not have: ingest's own,
// and itself.
var notDescribed = []string{"POST /v1/events", "GET /v1/openapi.json"}

// TestRoutes holds the table of docs/api.md to what the server describes.
func TestRoutes(t *testing.T) {
	t.Parallel()
	known := append(described(t), notDescribed...)
	onPage := firsts(routeRow, read(t, "docs/api.md"))
	slices.Sort(known)
	slices.Sort(onPage)
	if !slices.Equal(known, onPage) {
		t.Errorf("docs/api.md lists\n%s\nand the server has\n%s", strings.Join(onPage, "\n"), strings.Join(known, "\n"))
	}
}

// described are the routes of a server's openapi.json.
func described(t *testing.T) []string {
	t.Helper()
	addr, key := serve(t)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+addr+"/v1/openapi.json", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+key)
	client := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var description struct {
		Paths map[string]map[string]any
	}
	if err := json.NewDecoder(resp.Body).Decode(&description); err != nil {
		t.Fatal(err)
	}
	var routes []string
	for path, methods := range description.Paths {
		for method := range methods {
			routes = append(routes, strings.ToUpper(method)+" "+path)
		}
	}
	return routes
}

// serve runs Posthaste until the test ends.
func serve(t *testing.T) (addr, key string) {
	t.Helper()
	cfg := settings.Defaults[allinone.Config]()
	cfg.Addr, cfg.AdminAddr, cfg.NATSListen, cfg.DataDir = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0", t.TempDir()
	ctx, stop := context.WithCancel(context.Background())
	p, err := allinone.New(ctx, cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		stop()
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return p.Addr(), p.APIKey()
}
