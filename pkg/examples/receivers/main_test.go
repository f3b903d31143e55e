package receivers

import (
	"bytes"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const secret = "whsec_cG9zdGhhc3RlLWV4YW1wbGUtc2VjcmV0LTAwMDE="

// patience is how long a test waits for what must come.
const patience = 30 * time.Second

// started is a receiver that ends with the test.
func started(t *testing.T, name string) *Receiver {
	t.Helper()
	r, err := Start(t.Context(), name, secret)
	if errors.Is(err, ErrNoNode) || errors.Is(err, ErrNoPackages) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Stop(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("log of %s:\n%s", name, r.Log())
		}
	})
	return r
}

// post delivers a body as it is and returns the status.
func post(t *testing.T, url string, header http.Header, body []byte) int {
	t.Helper()
	status, err := send(t, url, header, body)
	if err != nil {
		t.Fatal(err)
	}
	return status
}

func send(t *testing.T, url string, header http.Header, body []byte) (status int, err error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = header
	client := &http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	return response.StatusCode, nil
}

// headers makes a header of "name: value" lines. It is JSON unless they say otherwise.
func headers(lines ...string) http.Header {
	header := http.Header{"Content-Type": {"application/json"}}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		header.Set(name, value)
	}
	return header
}
