package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const index = `[
  {"name": "issues", "examples": [{"action": "opened",  "n": 1.0}, {"action": "closed"}]},
  {"name": "push", "examples": [{"ref":"refs/heads/main"}]}
]`

// archive is what npm pack makes, with the files given.
func archive(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	zipped := gzip.NewWriter(&b)
	w := tar.NewWriter(zipped)
	for name, text := range files {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(text))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func loaded(t *testing.T) []payload {
	t.Helper()
	file := filepath.Join(t.TempDir(), "examples.tgz")
	if err := os.WriteFile(file, archive(t, map[string]string{"package/README.md": "hello", indexFile: index}), 0o600); err != nil {
		t.Fatal(err)
	}
	payloads, err := load(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	return payloads
}

func TestLoad(t *testing.T) {
	t.Parallel()
	payloads := loaded(t)
	var types []string
	for _, p := range payloads {
		types = append(types, p.EventType)
	}
	if got := strings.Join(types, " "); got != "issues.opened issues.closed push" {
		t.Errorf("types %s", got)
	}
	if got := string(payloads[0].Data); got != `{"action": "opened",  "n": 1.0}` {
		t.Errorf("data %s is not as it stood", got)
	}
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	if _, err := unpack(bytes.NewReader(archive(t, nil)), indexFile); err == nil {
		t.Error("an archive without the index is taken")
	}
	for _, text := range []string{"", "{}", "[]", `[{"name":"x","examples":[1]}]`} {
		if _, err := readIndex([]byte(text)); err == nil {
			t.Errorf("index %q is taken", text)
		}
	}
}

func TestEncodeKeepsBytes(t *testing.T) {
	t.Parallel()
	payloads := loaded(t)
	var events []struct {
		ID, Type string
		Data     json.RawMessage
	}
	if err := json.Unmarshal(encode(payloads, "r"), &events); err != nil {
		t.Fatal(err)
	}
	for i, p := range payloads {
		if e := events[i]; e.ID != p.ID+"_r" || e.Type != p.EventType || !bytes.Equal(e.Data, p.Data) {
			t.Errorf("%s became %+v", p.ID, e)
		}
	}
}

// A check that never fails proves nothing.
func TestReport(t *testing.T) {
	t.Parallel()
	payloads := loaded(t)
	whole := make(map[string]arrival)
	for _, p := range payloads {
		whole[p.ID] = arrival{p.EventType, p.Data, 1}
	}
	if err := report(io.Discard, payloads, whole, time.Second); err != nil {
		t.Errorf("all arrived: %v", err)
	}
	id := payloads[0].ID
	for name, got := range map[string]arrival{
		"1 of 3 payloads were lost and 0 changed": {},
		"0 of 3 payloads were lost and 1 changed": {payloads[0].EventType, []byte(`{"action":"opened","n":1.0}`), 1},
	} {
		broken := maps.Clone(whole)
		broken[id] = got
		if err := report(io.Discard, payloads, broken, time.Second); err == nil || err.Error() != name {
			t.Errorf("got %v, want %s", err, name)
		}
	}
}

func TestNeedsKey(t *testing.T) {
	t.Parallel()
	if err := run(t.Context(), nil, "", io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), "POSTHASTE_API_KEY") {
		t.Errorf("got %v", err)
	}
}
