package receivers

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// A sending is a delivery that must not be believed.
type sending struct {
	header http.Header
	body   []byte
}

func (w wire) forged(t *testing.T) map[string]sending {
	t.Helper()
	body := []byte(w.body)
	right := w.sign(secret, body)
	signature := right.Get(w.signature)
	flipped := bytes.Clone(body)
	flipped[len(flipped)/2] ^= 1
	all := map[string]sending{
		"a flipped bit":             {right, flipped},
		"a body cut short":          {right, body[:len(body)-1]},
		"no body":                   {right, nil},
		"a body written again":      {right, rewritten(t, body)},
		"a body of another type":    {with(w.sign(secret+"x", body), "Content-Type", "text/plain"), body},
		"another secret":            {w.sign(secret+"x", body), body},
		"a signature of no body":    {w.sign(secret, nil), body},
		"a signature in upper case": {with(right, w.signature, w.prefix+strings.ToUpper(mac(secret, body))), body},
		"a signature of other form": {with(right, w.signature, "v1="+mac(secret, body)), body},
		"a signature cut short":     {with(right, w.signature, signature[:20]), body},
		"a signature twice":         {with(right, w.signature, signature+","+signature), body},
		"an empty signature":        {with(right, w.signature, ""), body},
		"no signature":              {without(right, w.signature), body},
	}
	for _, name := range w.required {
		all["no "+name] = sending{without(right, name), body}
	}
	return all
}

func TestRefuses(t *testing.T) {
	t.Parallel()
	for name, w := range all() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := started(t, name)
			for what, s := range w.forged(t) {
				if status := post(t, r.URL, s.header, s.body); status != http.StatusUnauthorized {
					t.Errorf("%s: status %d", what, status)
				}
			}
			nothingBefore(t, w, r)
		})
	}
}

// A large body is cut off, whoever signed it: with 413, or while it is sent.
func TestRefusesHuge(t *testing.T) {
	t.Parallel()
	for name, w := range all() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := started(t, name)
			body := w.filled(1100)
			if status, err := send(t, r.URL, w.sign(secret, body), body); err == nil && status != http.StatusRequestEntityTooLarge {
				t.Errorf("status %d", status)
			}
			nothingBefore(t, w, r)
		})
	}
}

// nothingBefore says that nothing was reported so far: lines have the order of the requests.
func nothingBefore(t *testing.T, w wire, r *Receiver) {
	t.Helper()
	header := with(w.sign(secret, []byte(w.body)), "X-Last", "yes")
	if status := post(t, r.URL, header, []byte(w.body)); status != http.StatusOK {
		t.Fatalf("a good one after bad ones: status %d", status)
	}
	if first := await(t, r, 1)[0]; first.Headers["x-last"] != "yes" {
		t.Errorf("a bad delivery was reported: %v", first)
	}
}

func with(header http.Header, name, value string) http.Header {
	changed := header.Clone()
	changed.Set(name, value)
	return changed
}

func without(header http.Header, name string) http.Header {
	changed := header.Clone()
	changed.Del(name)
	return changed
}

// rewritten is what comes of reading JSON and writing it again.
func rewritten(t *testing.T, body []byte) []byte {
	t.Helper()
	text, err := json.Marshal(decoded(t, body))
	if err != nil {
		t.Fatal(err)
	}
	return text
}
