package dispatcher

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/posthaste/posthaste/services/internal/dialect"
	"github.com/posthaste/posthaste/services/internal/ssrf"
)

// standard tries everything again but a 410.
var standard = named("standard")

func named(name string) *dialect.Dialect {
	d, _ := dialect.Builtin().Get(name)
	return d
}

// C9, N5: any failure is tried again. AgentRail: 5xx and network errors only.
func TestJudgeByDialect(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]map[string]Kind{
		200: {"neiracore": Delivered, "aicity": Delivered, "agentrail": Delivered, "github": Delivered, "stripe": Delivered},
		302: {"neiracore": Retry, "aicity": Retry, "agentrail": Final, "github": Retry, "stripe": Retry},
		404: {"neiracore": Retry, "aicity": Retry, "agentrail": Final, "github": Retry, "stripe": Retry},
		410: {"neiracore": Retry, "aicity": Retry, "agentrail": Gone, "github": Gone, "stripe": Gone},
		429: {"neiracore": Retry, "aicity": Retry, "agentrail": Final, "github": Retry, "stripe": Retry},
		500: {"neiracore": Retry, "aicity": Retry, "agentrail": Retry, "github": Retry, "stripe": Retry},
		503: {"neiracore": Retry, "aicity": Retry, "agentrail": Retry, "github": Retry, "stripe": Retry},
	} {
		for name, kind := range want {
			if got := judge(named(name), status, http.Header{}, nil, time.Now()); got.Kind != kind {
				t.Errorf("%s: %d means %+v, want kind %d", name, status, got, kind)
			}
			if got := judge(named(name), status, nil, syscall.ECONNREFUSED, time.Now()); got.Kind != Retry {
				t.Errorf("%s: no answer means %+v", name, got)
			}
		}
	}
}

func TestJudgeStatus(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]Verdict{
		200: {Kind: Delivered, Reason: ReasonDelivered}, 204: {Kind: Delivered, Reason: ReasonDelivered}, 299: {Kind: Delivered, Reason: ReasonDelivered},
		101: {Kind: Retry, Reason: ReasonUnusableAnswer},
		300: {Kind: Retry, Reason: ReasonRedirect}, 301: {Kind: Retry, Reason: ReasonRedirect}, 307: {Kind: Retry, Reason: ReasonRedirect}, 308: {Kind: Retry, Reason: ReasonRedirect},
		400: {Kind: Retry, Reason: ReasonClientError}, 401: {Kind: Retry, Reason: ReasonClientError}, 404: {Kind: Retry, Reason: ReasonClientError}, 408: {Kind: Retry, Reason: ReasonClientError},
		410: {Kind: Gone, Reason: ReasonGone},
		429: {Kind: Retry, Reason: ReasonRateLimited, Strain: true},
		500: {Kind: Retry, Reason: ReasonServerError, Strain: true}, 502: {Kind: Retry, Reason: ReasonServerError, Strain: true},
		503: {Kind: Retry, Reason: ReasonServerError, Strain: true}, 599: {Kind: Retry, Reason: ReasonServerError, Strain: true},
	} {
		if got := judge(standard, status, http.Header{}, nil, time.Now()); got != want {
			t.Errorf("%d means %+v, want %+v", status, got, want)
		}
	}
}

func TestJudgeRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"": 0, "0": 0, "1": time.Second, "120": 2 * time.Minute, "-5": 0, "1.5": 0, "soon": 0, "99999999999": 0,
		now.Add(time.Minute).Format(http.TimeFormat): time.Minute, now.Add(-time.Minute).Format(http.TimeFormat): 0,
		now.Add(time.Hour).Format(time.RFC850): time.Hour, now.Add(time.Hour).Format(time.ANSIC): time.Hour,
	} {
		for status, honoured := range map[int]bool{429: true, 503: true, 500: false, 404: false, 200: false} {
			got := judge(standard, status, http.Header{"Retry-After": {value}}, nil, now).After
			if honoured && got != want || !honoured && got != 0 {
				t.Errorf("%d with Retry-After %q waits %s, want %s", status, value, got, want)
			}
		}
	}
}

// slow is a failure to connect in time that no context of ours ended.
type slow struct{}

func (slow) Error() string   { return "i/o timeout" }
func (slow) Timeout() bool   { return true }
func (slow) Temporary() bool { return true }

func TestJudgeErrors(t *testing.T) {
	t.Parallel()
	alert := &net.OpError{Op: "remote error", Err: errors.New("tls: handshake failure")}
	for err, want := range map[error]Verdict{
		context.DeadlineExceeded:                               {Reason: ReasonTimeout, Strain: true},
		&net.OpError{Op: "dial", Err: slow{}}:                  {Reason: ReasonTimeout, Strain: true},
		&net.OpError{Op: "dial", Err: os.ErrDeadlineExceeded}:  {Reason: ReasonTimeout, Strain: true},
		syscall.ECONNREFUSED:                                   {Reason: ReasonConnection, Strain: true},
		errors.New("EOF"):                                      {Reason: ReasonConnection, Strain: true},
		&net.DNSError{Err: "no such host", IsNotFound: true}:   {Reason: ReasonDNS},
		&net.DNSError{Err: "slow", IsTimeout: true}:            {Reason: ReasonDNS},
		ssrf.ErrPrivate:                                        {Reason: ReasonBlocked},
		&tls.CertificateVerificationError{Err: errors.New("")}: {Reason: ReasonTLS},
		tls.RecordHeaderError{}:                                {Reason: ReasonTLS},
		alert:                                                  {Reason: ReasonTLS},
	} {
		want.Kind = Retry
		for _, e := range []error{err, fmt.Errorf("post: %w", err)} {
			// What was answered before the failure does not make it a success.
			if got := judge(standard, 200, nil, e, time.Now()); got != want {
				t.Errorf("%v means %+v, want %+v", e, got, want)
			}
		}
	}
}
