package allinone

import (
	"encoding/json"
	"flag"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/posthaste/posthaste/pkg/client"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/settings"
	"github.com/posthaste/posthaste/services/internal/testbed"
	"github.com/posthaste/posthaste/services/internal/testbed/bustest"
)

// record is for a release: what it leaves in NATS must be read by those after it.
// Recorded ones are never changed; name a new directory.
var record = flag.String("record", "", "directory below testdata/wire to record what lies in NATS")

const wireDir = "testdata/wire"

// wireMessage is a message of a stream or a value of a bucket, as it lay in NATS.
type wireMessage struct {
	Subject string      `json:"subject"` // or bucket/key
	Header  nats.Header `json:"header,omitempty"`
	Data    []byte      `json:"data"`
}

// wireKeys open what is recorded.
type wireKeys struct {
	APIKey       string `json:"apiKey"` // that was made, of the tenant default
	Subscription string `json:"subscription"`
	Secret       string `json:"secret"`
	Replay       string `json:"replay"`
	Event        string `json:"event"`
}

// wireBuckets are those whose records are kept for longer than a day.
var wireBuckets = []string{
	bus.BucketSubscriptions, bus.BucketClaims, bus.BucketTenants, bus.BucketEventTypes, bus.BucketKeys, bus.BucketKeyUses, bus.BucketReplays,
}

const wireKey = "wire:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="

// wired starts everything with the key of what is recorded.
func wired(t *testing.T, url string) *client.Client {
	t.Helper()
	_, c := running(t, func(cfg *Config) {
		cfg.Bus.NATSURL, cfg.Secrets.EncryptionKeys = settings.SecretURL(url), wireKey
		cfg.History.MaxAge = 100 * 365 * 24 * time.Hour // recordings grow old
	})
	return c
}

// TestRecordWire records one of each message that there is, where it is asked to.
func TestRecordWire(t *testing.T) {
	t.Parallel()
	if *record == "" {
		t.Skip("nothing is to be recorded")
	}
	dir := filepath.Join(wireDir, *record)
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	s := testbed.StartNATS(t)
	b := bustest.Connect(t, s.URL(), slog.New(slog.DiscardHandler))
	var mu sync.Mutex
	seen := make(map[string]wireMessage)
	for _, subjects := range []string{"events.>", "deliveries.>", "delays.>", "attempts.>"} {
		_, err := b.NC.Subscribe(subjects, func(m *nats.Msg) {
			mu.Lock()
			defer mu.Unlock()
			parts := strings.Split(m.Subject, ".")
			name := parts[0]
			if name == "deliveries" || name == "delays" {
				name += "-" + parts[1]
			}
			if _, ok := seen[name]; ok {
				name += "-last" // of a replay, or of another attempt
			}
			seen[name] = wireMessage{m.Subject, m.Header, m.Data}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	keys := wireScene(t, wired(t, s.URL()))
	testbed.Eventually(t, "one of each is seen", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(seen) >= 8 // five, and three that come again
	})
	for _, name := range wireBuckets {
		bucket, err := b.JS.KeyValue(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		all, err := bucket.Keys(t.Context())
		if err != nil {
			continue // it is empty
		}
		slices.Sort(all)
		value, err := bucket.Get(t.Context(), all[0])
		if err != nil {
			t.Fatal(err)
		}
		seen["bucket-"+name] = wireMessage{Subject: name + "/" + all[0], Data: value.Value()}
	}
	for name, m := range seen {
		writeJSON(t, filepath.Join(dir, name+".json"), m)
	}
	writeJSON(t, filepath.Join(dir, "keys.json"), keys)
}

// wireScene has something of everything.
func wireScene(t *testing.T, c *client.Client) wireKeys {
	t.Helper()
	ctx, never := t.Context(), 0
	if _, err := c.Tenants.Put(ctx, "default", client.TenantSettings{Dialect: "standard"}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.EventTypes.Put(ctx, client.EventType{Name: "wire.sent", Description: "recorded"}); err != nil {
		t.Fatal(err)
	}
	key, err := c.APIKeys.Create(ctx, client.CreateAPIKey{Name: "wire", Scopes: []string{client.ScopeWebhooksRead, client.ScopeWebhooksWrite, client.ScopeEventsRead}})
	if err != nil {
		t.Fatal(err)
	}
	sub, err := c.EventSubscriptions.Create(ctx, client.CreateEventSubscription{
		URL: endpoint(t, http.StatusInternalServerError), EventTypes: []string{"wire.*"}, DisableAfter: &never, Description: "recorded",
		Headers: map[string]string{"X-Wire": "yes"}, RetryPolicy: &client.RetryDelays{Delays: []client.Duration{client.Duration(time.Second), client.Duration(time.Second)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	sent, _, err := c.Events.Send(ctx, client.NewEvent{Type: "wire.sent", Data: map[string]any{"wire": 1}})
	if err != nil {
		t.Fatal(err)
	}
	testbed.Eventually(t, "it has failed", func() bool {
		page, err := c.Deliveries.List(ctx, client.ListDeliveries{Subscription: sub.ID, Status: client.DeliveryFailed})
		return err == nil && len(page.Data) == 1
	})
	replay, err := c.EventSubscriptions.Replay(ctx, sub.ID, client.ReplayRequest{Since: time.Now().Add(-time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	testbed.Eventually(t, "the replay is done", func() bool {
		r, err := c.Replays.Get(ctx, replay.ID)
		return err == nil && r.FinishedAt != nil
	})
	return wireKeys{APIKey: key.Key.Reveal(), Subscription: sub.ID, Secret: sub.Secret.Reveal(), Replay: replay.ID, Event: sent.ID}
}

func writeJSON(t *testing.T, file string, v any) {
	t.Helper()
	data, err := json.MarshalIndent(v, "", "  ")
	if err == nil {
		err = os.WriteFile(file, append(data, '\n'), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func readJSON[V any](t *testing.T, file string) V {
	t.Helper()
	var v V
	data, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(data, &v)
	}
	if err != nil {
		t.Fatal(err)
	}
	return v
}
