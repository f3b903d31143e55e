package webhook_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/posthaste/posthaste/pkg/webhook"
)

const wrongSignature = "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc="

func TestVerify(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		key, value string // A header to set; none if key is empty.
		body       string
		want       error
		wantText   string
	}{
		"the vector":            {},
		"no id":                 {key: webhook.HeaderID, want: webhook.ErrMissingHeader, wantText: "webhook-id"},
		"no timestamp":          {key: webhook.HeaderTimestamp, want: webhook.ErrMissingHeader, wantText: "webhook-timestamp"},
		"no signature":          {key: webhook.HeaderSignature, want: webhook.ErrMissingHeader, wantText: "webhook-signature"},
		"another id":            {key: webhook.HeaderID, value: "msg_other", want: webhook.ErrNoMatch},
		"id with full stop":     {key: webhook.HeaderID, value: "msg.1", want: webhook.ErrBadID},
		"another time":          {key: webhook.HeaderTimestamp, value: "1614265331", want: webhook.ErrNoMatch},
		"time as words":         {key: webhook.HeaderTimestamp, value: "now", want: webhook.ErrBadTimestamp},
		"time with plus":        {key: webhook.HeaderTimestamp, value: "+1614265330", want: webhook.ErrBadTimestamp},
		"time below zero":       {key: webhook.HeaderTimestamp, value: "-1", want: webhook.ErrBadTimestamp},
		"time with zero":        {key: webhook.HeaderTimestamp, value: "01614265330", want: webhook.ErrBadTimestamp},
		"time with fraction":    {key: webhook.HeaderTimestamp, value: "1614265330.5", want: webhook.ErrBadTimestamp},
		"time beyond int64":     {key: webhook.HeaderTimestamp, value: "9223372036854775808", want: webhook.ErrBadTimestamp},
		"time 1970":             {key: webhook.HeaderTimestamp, value: "0", want: webhook.ErrTooOld},
		"time far ahead":        {key: webhook.HeaderTimestamp, value: "9000000000000000", want: webhook.ErrTooNew},
		"another body":          {body: vectorBody + " ", want: webhook.ErrNoMatch},
		"wrong signature":       {key: webhook.HeaderSignature, value: wrongSignature, want: webhook.ErrNoMatch},
		"cut signature":         {key: webhook.HeaderSignature, value: vectorSignature[:20], want: webhook.ErrNoMatch},
		"version only":          {key: webhook.HeaderSignature, value: "v1,", want: webhook.ErrNoMatch},
		"no version":            {key: webhook.HeaderSignature, value: vectorSignature[3:], want: webhook.ErrNoMatch},
		"unknown version":       {key: webhook.HeaderSignature, value: "v2" + vectorSignature[2:], want: webhook.ErrNoMatch},
		"v1a with v1 value":     {key: webhook.HeaderSignature, value: "v1a" + vectorSignature[2:], want: webhook.ErrNoMatch},
		"right one among wrong": {key: webhook.HeaderSignature, value: wrongSignature + " v1a,xxx  junk " + vectorSignature + " " + wrongSignature},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, body := vectorHeaders(), vectorBody
			if tt.key != "" {
				h.Set(tt.key, tt.value)
			}
			if tt.body != "" {
				body = tt.body
			}
			err := vectorVerifier(t).Verify(h, []byte(body))
			if !errors.Is(err, tt.want) {
				t.Fatalf("got %v, want %v", err, tt.want)
			}
			if err == nil {
				return
			}
			if !strings.Contains(err.Error(), tt.wantText) || strings.Contains(err.Error(), vectorSignature[3:20]) {
				t.Fatalf("got %q", err)
			}
		})
	}
}

func TestVerifyTolerance(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		off  time.Duration // How far the clock is from the timestamp.
		opts []webhook.Option
		want error
	}{
		"just young enough":    {off: 5 * time.Minute},
		"just too old":         {off: 5*time.Minute + 1, want: webhook.ErrTooOld},
		"just old enough":      {off: -5 * time.Minute},
		"just too new":         {off: -5*time.Minute - 1, want: webhook.ErrTooNew},
		"narrow, too old":      {off: 2 * time.Second, opts: []webhook.Option{webhook.WithTolerance(time.Second)}, want: webhook.ErrTooOld},
		"wide, an hour is old": {off: time.Hour, opts: []webhook.Option{webhook.WithTolerance(time.Hour)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := webhook.WithClock(func() time.Time { return vectorTime().Add(tt.off) })
			err := vectorVerifier(t, append(tt.opts, clock)...).Verify(vectorHeaders(), []byte(vectorBody))
			if !errors.Is(err, tt.want) {
				t.Fatalf("got %v, want %v", err, tt.want)
			}
		})
	}
}

func TestVerifyRotation(t *testing.T) {
	t.Parallel()
	before, after, other := webhook.NewSecret(), webhook.NewSecret(), webhook.NewSecret()
	list := func(s ...webhook.Secret) []webhook.Secret { return s }
	for name, tt := range map[string]struct {
		signed, accepted []webhook.Secret
		want             error
	}{
		"receiver has yet to change": {list(after, before), list(before), nil},
		"receiver has changed":       {list(after, before), list(after), nil},
		"receiver holds both":        {list(before), list(after, before), nil},
		"neither":                    {list(after, before), list(other), webhook.ErrNoMatch},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := headers(vectorID, vectorSeconds, mustSigner(t, tt.signed...).Sign(vectorID, vectorTime(), nil))
			verifier := mustVerifier(t, tt.accepted, webhook.WithClock(vectorTime))
			if err := verifier.Verify(h, nil); !errors.Is(err, tt.want) {
				t.Fatalf("got %v, want %v", err, tt.want)
			}
		})
	}
}

func TestOptionsOutOfRange(t *testing.T) {
	t.Parallel()
	secrets := []webhook.Secret{webhook.NewSecret()}
	for name, opt := range map[string]webhook.Option{
		"tolerance": webhook.WithTolerance(0), "clock": webhook.WithClock(nil), "body limit": webhook.WithMaxBody(0),
	} {
		if _, err := webhook.NewVerifier(secrets, opt); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	const full = `{"id":"evt_1","type":"task.claimed","timestamp":"2025-01-15T10:30:00Z","data":{"n": 1.0}}`
	for name, tt := range map[string]struct {
		body     string
		wantText string // Empty: accepted.
	}{
		"full":            {full, ""},
		"type only":       {`{"type":"ping"}`, ""},
		"no type":         {`{"id":"evt_1"}`, "no type"},
		"not JSON":        {`{"type":`, "syntax error"},
		"a list":          {`[1]`, "not a JSON object"},
		"null":            {`null`, "no type"},
		"type a number":   {`{"type":7}`, "type is no string"},
		"timestamp words": {`{"type":"a","timestamp":"private"}`, "timestamp is not RFC 3339"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := vectorVerifier(t).Parse(signed(t, tt.body), []byte(tt.body))
			if tt.wantText == "" {
				if err != nil || got.ID != vectorID || !got.Attempted.Equal(vectorTime()) || got.Event.Type == "" {
					t.Fatalf("got %+v, %v", got, err)
				}
				return
			}
			if !errors.Is(err, webhook.ErrBadEvent) || !strings.Contains(err.Error(), tt.wantText) || strings.Contains(err.Error(), "private") {
				t.Fatalf("got %v, want %q", err, tt.wantText)
			}
		})
	}
	got, err := vectorVerifier(t).Parse(signed(t, full), []byte(full))
	if err != nil {
		t.Fatal(err)
	}
	happened := time.Date(2025, 1, 15, 10, 30, 0, 0, time.UTC)
	if e := got.Event; e.ID != "evt_1" || e.Type != "task.claimed" || !e.Timestamp.Equal(happened) || string(e.Data) != `{"n": 1.0}` {
		t.Fatalf("got %+v", e)
	}
}

func TestParseUnverified(t *testing.T) {
	t.Parallel()
	if d, err := vectorVerifier(t).Parse(signed(t, `{"type":"a"}`), []byte(`{"type":"b"}`)); !errors.Is(err, webhook.ErrNoMatch) || d.ID != "" {
		t.Fatalf("got %+v, %v", d, err)
	}
}

// signed returns the headers of a delivery of body at the vector's time.
func signed(tb testing.TB, body string) http.Header {
	tb.Helper()
	signature := mustSigner(tb, mustSecret(tb, vectorSecret)).Sign(vectorID, vectorTime(), []byte(body))
	return headers(vectorID, vectorSeconds, signature)
}
