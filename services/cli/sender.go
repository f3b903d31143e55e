package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/posthaste/posthaste/services/internal/dialect"
)

// sender signs deliveries and POSTs them from this machine.
type sender struct {
	endpoint string
	dialect  *dialect.Dialect
	signer   *dialect.Signer
	http     *http.Client
	now      func() time.Time
}

// newSender takes no proxy and follows no redirect, as the dispatcher.
func newSender(endpoint string, d *dialect.Dialect, s *dialect.Signer, timeout time.Duration, now func() time.Time) *sender {
	dialer := &net.Dialer{Timeout: timeout}
	return &sender{endpoint: endpoint, dialect: d, signer: s, now: now, http: &http.Client{
		Timeout: timeout, Transport: &http.Transport{DialContext: dialer.DialContext, TLSHandshakeTimeout: timeout},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (s *sender) close() { s.http.CloseIdleConnections() }

// posted is what came of a POST.
type posted struct {
	Success    bool              `json:"success"` // the endpoint answered 2xx
	Status     *int              `json:"status"`  // null without an answer
	DurationMs float64           `json:"durationMs"`
	Headers    map[string]string `json:"headers"` // that were sent
	Sent       string            `json:"sent"`    // the body
	Body       string            `json:"body"`    // the first characters of the answer
	Error      string            `json:"error,omitempty"`
}

const (
	// maxBody is how many characters of an answer are shown (AI City).
	maxBody = 500
	// maxRead is how many bytes of it are read: enough for as many characters.
	maxRead = 4 * (maxBody + 1)
)

// post makes one attempt.
func (s *sender) post(ctx context.Context, in *dialect.Delivery) posted {
	body := s.dialect.AppendBody(nil, in)
	started := s.now()
	header := s.dialect.Header(in, started, body, s.signer)
	p := posted{Headers: map[string]string{}, Sent: string(body)}
	for name, values := range header {
		p.Headers[name] = strings.Join(values, ", ")
	}
	code, answer, err := s.exchange(ctx, header, body)
	p.DurationMs = float64(s.now().Sub(started)) / float64(time.Millisecond)
	if code != 0 {
		p.Status = &code
	}
	p.Body = shorten(strings.ToValidUTF8(answer, "·"), maxBody)
	if err != nil {
		p.Error = err.Error()
	}
	p.Success = err == nil && code >= 200 && code <= 299
	return p
}

func (s *sender) exchange(ctx context.Context, header http.Header, body []byte) (code int, answer string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.endpoint, bytes.NewReader(body))
	if err != nil {
		return 0, "", withoutURL(err)
	}
	req.Header = header
	resp, err := s.http.Do(req)
	if err != nil {
		return 0, "", withoutURL(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxRead))
	return resp.StatusCode, string(text), err
}

// withoutURL drops what the reader has before his eyes.
func withoutURL(err error) error {
	var outer *url.Error
	if errors.As(err, &outer) {
		return outer.Err
	}
	return err
}
