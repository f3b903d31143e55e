package client_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"go.uber.org/goleak"

	"github.com/posthaste/posthaste/pkg/client"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const testKey = "k-very-secret-key-0123456789"

// serve answers with handler until the test ends, and returns a client for it.
func serve(tb testing.TB, handler http.HandlerFunc, opts ...client.Option) *client.Client {
	tb.Helper()
	server := httptest.NewServer(handler)
	tb.Cleanup(server.Close)
	return clientFor(tb, server.URL, opts...)
}

func clientFor(tb testing.TB, url string, opts ...client.Option) *client.Client {
	tb.Helper()
	c, err := client.New(url, testKey, opts...)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// answer is a handler that always says the same.
func answer(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}
