package bus

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/posthaste/posthaste/services/internal/testbed"
)

// What somebody has changed by hand is changed back, and told of.
func TestProvisioningTellsWhatItChanges(t *testing.T) {
	t.Parallel()
	s := testbed.StartNATS(t)
	b := connect(t, config(s.URL()))
	info, err := b.StreamInfo(t.Context(), StreamEvents)
	if err != nil {
		t.Fatal(err)
	}
	info.Config.Discard, info.Config.MaxAge = jetstream.DiscardOld, time.Hour
	if _, err := b.JS.UpdateStream(t.Context(), info.Config); err != nil {
		t.Fatal(err)
	}
	log := &testbed.Log{}
	again, err := Connect(t.Context(), config(s.URL()), "test", slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(again.Close)
	for _, line := range []string{
		`level=WARN msg="changed to what the settings say" what="stream EVENTS" property=discard was=DiscardOld is=DiscardNew`,
		`what="stream EVENTS" property=max_age was=1h0m0s is=72h0m0s`,
	} {
		if !strings.Contains(log.String(), line) {
			t.Errorf("the log lacks %q:\n%s", line, log.String())
		}
	}
	if found, err := again.Drift(t.Context(), true); err != nil || len(found) != 0 {
		t.Errorf("%v, %v", found, err)
	}
}

// A server where all is as it should be gives no cause to speak.
func TestProvisioningIsQuiet(t *testing.T) {
	t.Parallel()
	s := testbed.StartNATS(t)
	connect(t, config(s.URL()))
	log := &testbed.Log{}
	again, err := Connect(t.Context(), config(s.URL()), "test", slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(again.Close)
	if log.String() != "" {
		t.Error(log.String())
	}
}

// Who only looks makes nothing.
func TestDialMakesNothing(t *testing.T) {
	t.Parallel()
	s := testbed.StartNATS(t)
	b, err := Dial(t.Context(), config(s.URL()), "test", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	for range b.JS.ListStreams(t.Context()).Info() {
		t.Error("there is a stream")
	}
}
