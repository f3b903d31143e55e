package dispatcher

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/posthaste/posthaste/services/internal/dialect"
	"github.com/posthaste/posthaste/services/internal/ssrf"
)

// Kind is what a delivery comes to by an attempt.
type Kind int

// The kinds.
const (
	Delivered Kind = iota + 1
	Retry          // another attempt, if the schedule has one
	Final          // no other attempt, by the dialect's rule
	Gone           // the endpoint wants no more, ever
)

// Reason says why, in a small closed set: it is in records, metrics and logs.
type Reason string

// The reasons of attempts.
const (
	ReasonDelivered       Reason = "delivered"
	ReasonTimeout         Reason = "timeout"
	ReasonConnection      Reason = "connection_error"
	ReasonDNS             Reason = "dns_error"
	ReasonTLS             Reason = "tls_error"
	ReasonBlocked         Reason = "blocked_address"
	ReasonRedirect        Reason = "redirect"
	ReasonClientError     Reason = "client_error"
	ReasonRateLimited     Reason = "rate_limited"
	ReasonServerError     Reason = "server_error"
	ReasonGone            Reason = "gone"
	ReasonUnusableAnswer  Reason = "unusable_answer"
	ReasonUnusableSubject Reason = "unusable_subscription"
)

// The reasons of deliveries that were not tried.
const (
	ReasonBusy      Reason = "endpoint_busy"
	ReasonRateLimit Reason = "rate_limit"
	ReasonEarly     Reason = "not_yet"
	ReasonUnsure    Reason = "subscription_unsure"
	ReasonSealed    Reason = "secrets_sealed"
	ReasonRemoved   Reason = "subscription_removed"
	ReasonDisabled  Reason = "subscription_disabled"
	ReasonAgain     Reason = "already_delivered"
)

// Verdict is what one attempt means.
type Verdict struct {
	Kind   Kind
	Reason Reason
	// After is the least wait that the endpoint asked for, 0 for none.
	After time.Duration
	// Strain says that the endpoint should get fewer POSTs at once.
	Strain bool
}

// judge decides what an answer means in the dialect d. err is the failure to get
// one.
func judge(d *dialect.Dialect, status int, header http.Header, err error, now time.Time) Verdict {
	v := read(status, header, err, now)
	if v.Kind == Gone && d.Gone != dialect.GoneDisable {
		v.Kind = Retry
	}
	if v.Kind == Retry && err == nil && status < 500 && d.RetryOn == dialect.RetryServerErrors {
		v.Kind = Final
	}
	return v
}

// read is what an answer means where every failure is tried again and a 410
// ends the subscription.
func read(status int, header http.Header, err error, now time.Time) Verdict {
	if err != nil {
		reason := reasonOf(err)
		return Verdict{Kind: Retry, Reason: reason, Strain: reason == ReasonTimeout || reason == ReasonConnection}
	}
	switch {
	case status >= 200 && status < 300:
		return Verdict{Kind: Delivered, Reason: ReasonDelivered}
	case status == http.StatusGone:
		return Verdict{Kind: Gone, Reason: ReasonGone}
	case status == http.StatusTooManyRequests:
		return Verdict{Kind: Retry, Reason: ReasonRateLimited, After: retryAfter(header, now), Strain: true}
	case status == http.StatusServiceUnavailable:
		return Verdict{Kind: Retry, Reason: ReasonServerError, After: retryAfter(header, now), Strain: true}
	case status >= 500:
		return Verdict{Kind: Retry, Reason: ReasonServerError, Strain: true}
	case status >= 400:
		return Verdict{Kind: Retry, Reason: ReasonClientError}
	case status >= 300:
		return Verdict{Kind: Retry, Reason: ReasonRedirect}
	default:
		return Verdict{Kind: Retry, Reason: ReasonUnusableAnswer}
	}
}

func reasonOf(err error) Reason {
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var alert *net.OpError
	var timeout net.Error
	switch {
	case errors.Is(err, ssrf.ErrPrivate):
		return ReasonBlocked
	case errors.Is(err, context.DeadlineExceeded):
		return ReasonTimeout
	case errors.As(err, &dns):
		return ReasonDNS
	case errors.As(err, &certificate), errors.As(err, &record), errors.As(err, &alert) && isAlert(alert):
		return ReasonTLS
	case errors.As(err, &timeout) && timeout.Timeout():
		return ReasonTimeout
	default:
		return ReasonConnection
	}
}

// isAlert says whether err is a TLS alert. Its own type is not exported; these
// are the only operations that crypto/tls reports so.
func isAlert(err *net.OpError) bool { return err.Op == "remote error" || err.Op == "local error" }

// retryAfter reads seconds or a date (RFC 9110, section 10.2.3); 0 for neither.
func retryAfter(h http.Header, now time.Time) time.Duration {
	value := h.Get("Retry-After")
	if seconds, err := strconv.ParseInt(value, 10, 32); err == nil {
		return time.Duration(max(0, seconds)) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}
