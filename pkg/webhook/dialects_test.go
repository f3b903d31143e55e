package webhook_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/posthaste/posthaste/pkg/webhook"
)

func TestVectors(t *testing.T) {
	t.Parallel()
	for name, v := range vectors() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := v.signer(t).Sign(v.header[v.scheme.IDHeader], vectorTime(), []byte(v.body)); got != v.signature {
				t.Errorf("signed %s, want %s", got, v.signature)
			}
			got, err := v.verifier(t).Parse(v.headers(), []byte(v.body))
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, v.want) {
				t.Errorf("got  %+v\nwant %+v", got, v.want)
			}
		})
	}
}

// TestVectorsChanged changes one thing after another.
func TestVectorsChanged(t *testing.T) {
	t.Parallel()
	for name, v := range vectors() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			refused := func(what string, v vector, h http.Header, want error) {
				t.Helper()
				if err := v.verifier(t).Verify(h, []byte(v.body)); !errors.Is(err, want) {
					t.Errorf("%s: got %v, want %v", what, err, want)
				}
			}
			other := v
			other.secret = "another"
			refused("another secret", other, v.headers(), webhook.ErrNoMatch)
			other = v
			other.body += " "
			refused("another body", other, v.headers(), webhook.ErrNoMatch)

			last := len(v.signature) - 1
			for what, value := range map[string]string{
				"cut":            v.signature[:last],
				"longer":         v.signature + "0",
				"another prefix": "x" + v.signature,
				"no value":       "x",
			} {
				h := v.headers()
				h.Set(v.scheme.SignatureHeader, value)
				want := webhook.ErrNoMatch
				if v.scheme.Form == webhook.FormFields && !strings.HasPrefix(value, "t=") {
					want = webhook.ErrBadTimestamp
				}
				refused(what, v, h, want)
			}
		})
	}
}

func TestMissingHeaders(t *testing.T) {
	t.Parallel()
	for name, v := range vectors() {
		for header := range v.headers() {
			t.Run(name+" "+header, func(t *testing.T) {
				t.Parallel()
				h := v.headers()
				h.Del(header)
				err := v.verifier(t).Verify(h, []byte(v.body))
				if !errors.Is(err, webhook.ErrMissingHeader) || !strings.Contains(strings.ToLower(err.Error()), strings.ToLower(header)) {
					t.Fatalf("got %v", err)
				}
			})
		}
	}
}

// TestAge shows which schemes can tell a repeat from an attempt.
func TestAge(t *testing.T) {
	t.Parallel()
	for name, v := range vectors() {
		var want error
		if v.scheme.Content != webhook.SignBody {
			want = webhook.ErrTooOld
		}
		year := webhook.WithClock(func() time.Time { return vectorTime().AddDate(1, 0, 0) })
		if err := v.verifier(t, year).Verify(v.headers(), []byte(v.body)); !errors.Is(err, want) {
			t.Errorf("%s: a year later got %v, want %v", name, err, want)
		}
	}
}

// TestSingle: a receiver that compares the whole value would refuse these.
func TestSingle(t *testing.T) {
	t.Parallel()
	for name, v := range vectors() {
		if v.scheme.Form != webhook.FormSingle {
			continue
		}
		digest := strings.TrimPrefix(v.signature, v.scheme.Prefix)
		for what, values := range map[string][]string{
			"uppercase":        {v.scheme.Prefix + strings.ToUpper(digest)},
			"comma list":       {v.signature + "," + v.signature},
			"space list":       {v.signature + " " + v.signature},
			"second header":    {v.signature, v.signature},
			"space before":     {" " + v.signature},
			"prefix twice":     {v.scheme.Prefix + v.scheme.Prefix + "=" + digest},
			"version":          {"v1=" + digest},
			"uppercase prefix": {strings.ToUpper(v.scheme.Prefix) + "=" + digest},
		} {
			h := v.headers()
			h[http.CanonicalHeaderKey(v.scheme.SignatureHeader)] = values
			if err := v.verifier(t).Verify(h, []byte(v.body)); !errors.Is(err, webhook.ErrNoMatch) {
				t.Errorf("%s, %s: got %v", name, what, err)
			}
		}
	}
}

// TestSchemeRotation signs with a new and an old secret. Where a header has
// room for one signature only, that is the new one's.
func TestSchemeRotation(t *testing.T) {
	t.Parallel()
	for name, v := range vectors() {
		const newest = "the newest secret"
		got := mustSchemeSigner(t, v.scheme, newest, v.secret).Sign(v.header[v.scheme.IDHeader], vectorTime(), []byte(v.body))
		h := v.headers()
		h.Set(v.scheme.SignatureHeader, got)
		var wantOld error
		if v.scheme.Form == webhook.FormSingle {
			wantOld = webhook.ErrNoMatch
		}
		if err := v.verifier(t).Verify(h, []byte(v.body)); !errors.Is(err, wantOld) {
			t.Errorf("%s: the old secret got %v, want %v", name, err, wantOld)
		}
		v.secret = newest
		if err := v.verifier(t).Verify(h, []byte(v.body)); err != nil {
			t.Errorf("%s: the newest secret got %v", name, err)
		}
	}
}

func TestSchemeMiddleware(t *testing.T) {
	t.Parallel()
	for name, v := range vectors() {
		called := 0
		handler := v.verifier(t).Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			called++
			if r.ContentLength != int64(len(v.body)) {
				t.Errorf("%s: %d bytes", name, r.ContentLength)
			}
		}))
		for body, want := range map[string]int{v.body: http.StatusOK, v.body + " ": http.StatusUnauthorized} {
			r, w := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body)), httptest.NewRecorder()
			r.Header = v.headers()
			handler.ServeHTTP(w, r)
			if w.Code != want {
				t.Errorf("%s: answered %d %q, want %d", name, w.Code, w.Body, want)
			}
		}
		if called != 1 {
			t.Errorf("%s: let %d through", name, called)
		}
	}
}
