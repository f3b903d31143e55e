package backup

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/goleak"

	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/delay"
	"github.com/posthaste/posthaste/services/internal/settings"
	"github.com/posthaste/posthaste/services/internal/testbed"
	"github.com/posthaste/posthaste/services/internal/testbed/bustest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var quiet = slog.New(slog.DiscardHandler)

// dial looks at the server without making anything.
func dial(t *testing.T, url string) *bus.Bus {
	t.Helper()
	cfg := settings.Defaults[bus.Config]()
	cfg.NATSURL = settings.SecretURL(url)
	b, err := bus.Dial(t.Context(), cfg, "test", quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

// fill has something of everything: what is done, what is in hand and what waits.
func fill(t *testing.T, b *bus.Bus) {
	t.Helper()
	must := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := b.EnsureConsumer(t.Context(), bus.Consumer{
		Stream: bus.StreamDelays, Name: "3600s", Filter: bus.DelaySubject("3600s", "*", "*"), MaxAckPending: 10, AckWait: time.Minute,
	}); err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		must(b.JS.Publish(t.Context(), "events.acme.order.paid", fmt.Appendf(nil, "event %d", i), jetstream.WithMsgID(fmt.Sprint("e", i))))
		must(b.JS.Publish(t.Context(), bus.DeliverySubject(bus.LaneFresh, "acme", "s"), fmt.Appendf(nil, "delivery %d", i)))
		must(b.JS.Publish(t.Context(), bus.DelaySubject("3600s", "acme", "s"), fmt.Appendf(nil, "wait %d", i)))
		must(b.JS.Publish(t.Context(), bus.AttemptSubject("acme", "s"), make([]byte, 100<<10))) // several parts
	}
	take(t, b, bus.StreamEvents, bus.ConsumerRouter, 3, 3)
	take(t, b, bus.StreamDeliveries, string(bus.LaneFresh), 2, 1)
	bucket, err := b.JS.KeyValue(t.Context(), bus.BucketSubscriptions)
	must(bucket, err)
	for range 3 { // of which the last counts
		must(bucket.PutString(t.Context(), "acme.evsub_1", "a subscription"))
	}
}

// take hands out messages and acks some of them.
func take(t *testing.T, b *bus.Bus, stream, consumer string, n, acked int) {
	t.Helper()
	c, err := b.JS.Consumer(t.Context(), stream, consumer)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		msg, err := c.Next(jetstream.FetchMaxWait(testbed.Patience))
		if err != nil {
			t.Fatal(err)
		}
		if i < acked {
			if err := msg.DoubleAck(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// contents are all messages of all streams, with their places, and how much each
// consumer has before it.
func contents(t *testing.T, b *bus.Bus) map[string][]string {
	t.Helper()
	all := make(map[string][]string)
	for _, name := range b.Kept() {
		for _, msg := range testbed.Messages(t, b.JS, name) {
			all[name] = append(all[name], fmt.Sprint(msg.Sequence, " ", msg.Subject, " ", msg.Header, " ", string(msg.Data), " ", msg.Time.UnixNano()))
		}
		stream, err := b.JS.Stream(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		for c := range stream.ListConsumers(t.Context()).Info() {
			all[name] = append(all[name], fmt.Sprintf("consumer %s: %d left", c.Name, int(c.NumPending)+c.NumAckPending))
		}
		slices.Sort(all[name])
	}
	return all
}

func TestBackupAndRestore(t *testing.T) {
	t.Parallel()
	s := testbed.StartNATS(t)
	soon := func(c *bus.Config) { c.AckWait = time.Second }
	b := bustest.Connect(t, s.URL(), quiet, soon)
	fill(t, b)
	want := contents(t, b)
	dir := filepath.Join(t.TempDir(), "a", "backup")
	made, err := Take(t.Context(), b, dir, quiet)
	if err != nil {
		t.Fatal(err)
	}
	if len(made.Streams) != len(b.Kept()) || !strings.HasPrefix(made.Streams[1].Name, bus.StreamEvents) || made.Streams[1].Messages() != 5 {
		t.Errorf("%+v", made)
	}
	if diff := cmp.Diff(want, contents(t, b)); diff != "" {
		t.Errorf("a backup changes something:\n%s", diff)
	}
	notPaused(t, b)
	b.Close()

	s.Wipe(t)
	fresh := dial(t, s.URL())
	if _, err := Restore(t.Context(), fresh, dir, 1, quiet); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, contents(t, fresh)); diff != "" {
		t.Errorf("restored (-want +got):\n%s", diff)
	}
	notPaused(t, fresh)
	if _, err := Restore(t.Context(), fresh, dir, 1, quiet); !errors.Is(err, ErrThere) || !strings.Contains(err.Error(), "EVENTS") {
		t.Errorf("restored over what is there: %v", err)
	}
	// Provisioning finds nothing to change, and what was in hand is handed out.
	again := bustest.Connect(t, s.URL(), quiet, soon)
	if found, err := again.Drift(t.Context(), true); err != nil || len(found) != 0 {
		t.Errorf("%v, %v", found, err)
	}
	take(t, again, bus.StreamDeliveries, string(bus.LaneFresh), 4, 4)
}

func notPaused(t *testing.T, b *bus.Bus) {
	t.Helper()
	c, err := b.JS.Consumer(t.Context(), bus.StreamDelays, "3600s")
	if err != nil {
		t.Fatal(err)
	}
	if info := c.CachedInfo(); info.Paused {
		t.Errorf("the delay line is paused for %s", info.PauseRemaining)
	}
}

// What moves meanwhile is copied twice rather than not at all.
func TestOrder(t *testing.T) {
	t.Parallel()
	b := bustest.Connect(t, testbed.StartNATS(t).URL(), quiet)
	all := order(b)
	for _, pair := range [][2]string{
		{bus.StreamRejected, bus.StreamEvents},
		{bus.StreamEvents, bus.StreamDeliveries},
		{bus.StreamDeliveries, bus.StreamDelays},
		{bus.StreamDelays, bus.StreamAttempts},
		{bus.StreamAttempts, "KV_subscriptions"},
	} {
		if slices.Index(all, pair[0]) >= slices.Index(all, pair[1]) {
			t.Errorf("%s comes after %s: %q", pair[0], pair[1], all)
		}
	}
	if len(all) != len(b.Kept()) {
		t.Errorf("%q are backed up of %q", all, b.Kept())
	}
}

func TestRefusesBadBackups(t *testing.T) {
	t.Parallel()
	s := testbed.StartNATS(t)
	b := bustest.Connect(t, s.URL(), quiet)
	fill(t, b)
	dir := t.TempDir()
	if _, err := Take(t.Context(), b, dir, quiet); err != nil {
		t.Fatal(err)
	}
	if _, err := Take(t.Context(), b, dir, quiet); err == nil || !strings.Contains(err.Error(), "is not empty") {
		t.Errorf("a second backup into the same directory: %v", err)
	}
	b.Close()
	s.Wipe(t)
	fresh := dial(t, s.URL())
	refused := func(part string, change func(dir string) error) {
		t.Helper()
		bad := t.TempDir()
		if err := os.CopyFS(bad, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		if err := change(bad); err != nil {
			t.Fatal(err)
		}
		if _, err := Restore(t.Context(), fresh, bad, 1, quiet); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%v, want %q", err, part)
		}
	}
	events := "EVENTS" + suffix
	refused("is not what was backed up", func(dir string) error {
		f, err := os.OpenFile(filepath.Join(dir, events), os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		_, err = f.WriteAt([]byte("x"), 100)
		return errors.Join(err, f.Close())
	})
	refused("is not what was backed up", func(dir string) error { return os.Truncate(filepath.Join(dir, events), 10) })
	refused("no such file", func(dir string) error { return os.Remove(filepath.Join(dir, events)) })
	refused("it is no backup, or one that was not finished", func(dir string) error { return os.Remove(filepath.Join(dir, manifestFile)) })
	refused("reads form 1", func(dir string) error {
		return os.WriteFile(filepath.Join(dir, manifestFile), []byte(`{"form":2,"version":"9"}`), 0o600)
	})
	refused("is no name of a stream", func(dir string) error {
		return os.WriteFile(filepath.Join(dir, manifestFile), []byte(`{"form":1,"streams":[{"name":"../x"}]}`), 0o600)
	})
	for range fresh.JS.ListStreams(t.Context()).Info() {
		t.Error("something was restored")
	}
}

func TestNothingToBackUp(t *testing.T) {
	t.Parallel()
	if _, err := Take(t.Context(), dial(t, testbed.StartNATS(t).URL()), t.TempDir(), quiet); err == nil || !strings.Contains(err.Error(), "nothing to back up") {
		t.Errorf("%v", err)
	}
}

// A backup that is stopped leaves no pause behind, and nothing that looks whole.
func TestStoppedBackup(t *testing.T) {
	t.Parallel()
	b := bustest.Connect(t, testbed.StartNATS(t).URL(), quiet)
	fill(t, b)
	ctx, cancel := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	dir := t.TempDir()
	go func() {
		_, err := Take(ctx, b, dir, quiet)
		stopped <- err
	}()
	testbed.Eventually(t, "the delay line is paused", func() bool {
		c, err := b.JS.Consumer(t.Context(), bus.StreamDelays, delay.Tiers[len(delay.Tiers)-1].Name)
		return err == nil && c.CachedInfo().Paused
	})
	cancel()
	if err := <-stopped; !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	notPaused(t, b)
	if _, err := Read(dir); err == nil {
		t.Error("what was stopped looks whole")
	}
}
