package policy_test

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/dialect"
	"github.com/posthaste/posthaste/services/internal/policy"
	"github.com/posthaste/posthaste/services/internal/settings"
)

func of(t *testing.T, cfg policy.Config, dialectName string, sub *posthastev1.Subscription) policy.Policy {
	t.Helper()
	policies, err := policy.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	d, ok := dialect.Builtin().Get(dialectName)
	if !ok {
		t.Fatalf("no dialect %s", dialectName)
	}
	return policies.Of(d, sub)
}

func seconds(all ...int) []time.Duration {
	var waits []time.Duration
	for _, n := range all {
		waits = append(waits, time.Duration(n)*time.Second)
	}
	return waits
}

// N5, C9, C10, C11, A: without settings it is what the dialects say.
func TestDialectsDecide(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]struct {
		waits        []time.Duration
		disableAfter int
	}{
		"standard":  {seconds(10, 60, 300), 10},
		"neiracore": {seconds(10, 60, 300), 1},
		"aicity":    {seconds(5, 30), 10},
		"agentrail": {seconds(10, 30, 90, 300, 900, 1800, 3600), 0},
	} {
		got := of(t, settings.Defaults[policy.Config](), name, &posthastev1.Subscription{})
		if diff := cmp.Diff(want.waits, got.Schedule.Delays()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if got.DisableAfter != want.disableAfter || got.Timeout != 10*time.Second || got.ContentType != "application/json" {
			t.Errorf("%s: %+v, want disabling after %d, 10 s, JSON", name, got, want.disableAfter)
		}
	}
}

func TestSettingsChangeStandardAlone(t *testing.T) {
	t.Parallel()
	cfg := settings.Defaults[policy.Config]()
	cfg.RetryDelays, cfg.DisableAfter, cfg.RequestTimeout = []string{"1s"}, 0, 2*time.Second
	got := of(t, cfg, "standard", &posthastev1.Subscription{})
	if diff := cmp.Diff(seconds(1), got.Schedule.Delays()); diff != "" || got.DisableAfter != 0 || got.Timeout != 2*time.Second {
		t.Errorf("standard: %+v %s", got, diff)
	}
	got = of(t, cfg, "aicity", &posthastev1.Subscription{})
	if diff := cmp.Diff(seconds(5, 30), got.Schedule.Delays()); diff != "" || got.DisableAfter != 10 || got.Timeout != 2*time.Second {
		t.Errorf("aicity: %+v %s", got, diff)
	}
}

func TestSubscriptionsComeFirst(t *testing.T) {
	t.Parallel()
	own := &posthastev1.Subscription{
		Delays: []*durationpb.Duration{durationpb.New(time.Second)}, Timeout: durationpb.New(5 * time.Second),
		DisableAfter: proto.Uint32(0), ContentType: "application/cloudevents+json",
	}
	cfg := settings.Defaults[policy.Config]()
	got := of(t, cfg, "standard", own)
	if diff := cmp.Diff(seconds(1), got.Schedule.Delays()); diff != "" || got.DisableAfter != 0 || got.Timeout != 5*time.Second || got.ContentType != own.GetContentType() {
		t.Errorf("%+v %s", got, diff)
	}
	// Over the operator's rule too, which is for the dialect standard.
	cfg.RetryDelays, cfg.DisableAfter = []string{"7s"}, 5
	own.Timeout, own.DisableAfter = durationpb.New(20*time.Second), proto.Uint32(1)
	got = of(t, cfg, "standard", own)
	if diff := cmp.Diff(seconds(1), got.Schedule.Delays()); diff != "" || got.DisableAfter != 1 || got.Timeout != 20*time.Second {
		t.Errorf("%+v %s", got, diff)
	}
	cfg.RequestTimeout = time.Second
	if got := of(t, cfg, "standard", own); got.Timeout != time.Second {
		t.Errorf("a timeout of %s, over the operator's", got.Timeout)
	}
}

func TestConfigErrors(t *testing.T) {
	t.Parallel()
	const each = "retry-delays: each must be a duration such as 10s, more than 0 and at most 720h0m0s, not "
	for want, change := range map[string]func(*policy.Config){
		each + `"ten"`:  func(c *policy.Config) { c.RetryDelays = []string{"10s", "ten"} },
		each + `""`:     func(c *policy.Config) { c.RetryDelays = []string{""} },
		each + `"0s"`:   func(c *policy.Config) { c.RetryDelays = []string{"0s"} },
		each + `"-1s"`:  func(c *policy.Config) { c.RetryDelays = []string{"-1s"} },
		each + `"721h"`: func(c *policy.Config) { c.RetryDelays = []string{"721h"} },
		"retry-jitter: must lie between 0 and 1, is -0.1": func(c *policy.Config) { c.RetryJitter = -0.1 },
		"retry-jitter: must lie between 0 and 1, is 1.1":  func(c *policy.Config) { c.RetryJitter = 1.1 },
		"retry-jitter: must lie between 0 and 1, is NaN":  func(c *policy.Config) { c.RetryJitter = math.NaN() },
		"disable-after: must be at least -1, is -2":       func(c *policy.Config) { c.DisableAfter = -2 },
		"request-timeout: must be at least 10ms, is 0s":   func(c *policy.Config) { c.RequestTimeout = 0 },
		"max-retry-after: must not be negative, is -1ns":  func(c *policy.Config) { c.MaxRetryAfter = -1 },
	} {
		cfg := settings.Defaults[policy.Config]()
		change(&cfg)
		if err := cfg.Validate(); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
		if _, err := policy.New(cfg); err == nil {
			t.Errorf("made in spite of %s", want)
		}
	}
}
