package allinone

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/posthaste/posthaste/pkg/client"
	"github.com/posthaste/posthaste/pkg/webhook"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/testbed"
	"github.com/posthaste/posthaste/services/internal/testbed/bustest"
)

// TestReadsWhatOlderVersionsLeft has this version find in NATS what recorded ones
// left there: their records, and one message of a stream at a time, which it
// delivers.
func TestReadsWhatOlderVersionsLeft(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(wireDir, "*", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	read := 0
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		if name == "keys" || strings.HasPrefix(name, "bucket-") {
			continue
		}
		read++
		t.Run(filepath.Base(filepath.Dir(file))+" "+name, func(t *testing.T) {
			t.Parallel()
			finds(t, file, name)
		})
	}
	if read < 5 {
		t.Errorf("%d messages are recorded", read)
	}
}

// finds starts with the records and one message.
func finds(t *testing.T, file, name string) {
	t.Helper()
	dir := filepath.Dir(file)
	keys := readJSON[wireKeys](t, filepath.Join(dir, "keys.json"))
	s := testbed.StartNATS(t)
	b := bustest.Connect(t, s.URL(), slog.New(slog.DiscardHandler))
	putRecords(t, b, dir)
	c := wired(t, s.URL())
	readsRecords(t, c, keys)
	arrived := verifying(t, c, keys)
	m := readJSON[wireMessage](t, file)
	if _, err := b.JS.PublishMsg(t.Context(), &nats.Msg{Subject: m.Subject, Header: m.Header, Data: m.Data}); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(name, "attempts") {
		select {
		case fault := <-arrived:
			if fault != "" {
				t.Error(fault)
			}
		case <-t.Context().Done():
			t.Fatal("nothing is delivered")
		}
	}
	testbed.Eventually(t, "it is in the history", func() bool {
		page, err := c.Deliveries.List(t.Context(), client.ListDeliveries{Subscription: keys.Subscription, EventID: keys.Event})
		return err == nil && len(page.Data) == 1 && page.Data[0].EventType == "wire.sent"
	})
}

// putRecords puts what is recorded of the buckets.
func putRecords(t *testing.T, b *bus.Bus, dir string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "bucket-*.json"))
	if err != nil || len(files) < 5 {
		t.Fatalf("%d records, %v", len(files), err)
	}
	for _, file := range files {
		m := readJSON[wireMessage](t, file)
		name, key, _ := strings.Cut(m.Subject, "/")
		bucket, err := b.JS.KeyValue(t.Context(), name)
		if err == nil {
			_, err = bucket.Put(t.Context(), key, m.Data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// readsRecords reads each record by the API.
func readsRecords(t *testing.T, c *client.Client, keys wireKeys) {
	t.Helper()
	ctx := t.Context()
	sub, err := c.EventSubscriptions.Get(ctx, keys.Subscription)
	if err != nil || sub.Description != "recorded" || sub.Headers["X-Wire"] == "" || len(sub.EventTypes) != 1 || sub.EventTypes[0] != "wire.*" {
		t.Errorf("the subscription: %+v, %v", sub, err)
	}
	if set, err := c.Tenants.Get(ctx, "default"); err != nil || set.Dialect != "standard" {
		t.Errorf("the tenant: %+v, %v", set, err)
	}
	if known, err := c.EventTypes.Get(ctx, "wire.sent"); err != nil || known.Description != "recorded" {
		t.Errorf("the type: %+v, %v", known, err)
	}
	if done, err := c.Replays.Get(ctx, keys.Replay); err != nil || done.FinishedAt == nil || done.SubscriptionID != keys.Subscription {
		t.Errorf("the replay: %+v, %v", done, err)
	}
	all, err := c.APIKeys.List(ctx)
	if err != nil || len(all) != 1 || all[0].Name != "wire" {
		t.Errorf("the keys: %+v, %v", all, err)
	}
}

// verifying is an endpoint that the subscription has from now on. What comes there
// is verified by the recorded secret; the channel says what is wrong with it.
func verifying(t *testing.T, c *client.Client, keys wireKeys) <-chan string {
	t.Helper()
	secret, err := webhook.LiteralSecret(keys.Secret)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := webhook.NewVerifier([]webhook.Secret{secret}, webhook.WithScheme(webhook.Standard()))
	if err != nil {
		t.Fatal(err)
	}
	arrived := make(chan string, 16)
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		switch {
		case err != nil:
			arrived <- err.Error()
		case verifier.Verify(r.Header, body) != nil:
			arrived <- verifier.Verify(r.Header, body).Error()
		case !strings.Contains(string(body), `{"wire":1}`) || r.Header.Get("X-Wire") != "yes":
			arrived <- "not as it was made: " + string(body)
		default:
			arrived <- ""
		}
	}))
	t.Cleanup(s.Close)
	if _, err := c.EventSubscriptions.Update(t.Context(), keys.Subscription, client.UpdateEventSubscription{URL: client.Set(s.URL)}); err != nil {
		t.Fatal(err)
	}
	return arrived
}
