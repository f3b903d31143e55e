package dialect

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/posthaste/posthaste/services/internal/version"
)

var update = flag.Bool("update", false, "write the golden files anew")

// goldens are the deliveries that testdata/golden shows in every dialect.
func goldens(d *Dialect) map[string]*Delivery {
	third, ping := testDelivery(), testDelivery()
	third.Attempt = 3
	ping.ID = d.Ping.IDPrefix + "01M7ZVZ4QC1K6E6QYW9P7ATQYE"
	ping.Event.Id, ping.Event.Type, ping.Event.Data = "evt_ping", d.Ping.Type, d.Ping.Data
	ping.Event.Source, ping.Event.Attributes = "", nil
	return map[string]*Delivery{"attempt-1.http": testDelivery(), "attempt-3.http": third, "ping.http": ping}
}

// request is an attempt as it goes over the wire, but for the headers being
// sorted and the line ends being those of a text file.
func request(d *Dialect, in *Delivery, s *Signer) []byte {
	body := d.AppendBody(nil, in)
	h := d.Header(in, testNow, body, s)
	h["User-Agent"] = []string{"Posthaste/*"} // the version changes
	var b bytes.Buffer
	b.WriteString("POST /hook HTTP/1.1\n")
	for _, name := range slices.Sorted(maps.Keys(h)) {
		fmt.Fprintf(&b, "%s: %s\n", name, h[name][0])
	}
	fmt.Fprintf(&b, "\n%s", body)
	return b.Bytes()
}

func TestGolden(t *testing.T) {
	t.Parallel()
	if version.UserAgent() != "Posthaste/"+version.Version {
		t.Errorf("the user agent is %s", version.UserAgent())
	}
	for _, d := range Builtin().All() {
		s := signerOf(t, d, testSecret, "whsec_cG9zdGhhc3RlLWV4YW1wbGUtc2VjcmV0LTAwMDI=")
		for name, in := range goldens(d) {
			path := filepath.Join("testdata", "golden", d.Name, name)
			got := request(d, in, s)
			if *update {
				save(t, path, got)
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("%s (-update writes it anew): %s", path, diff)
			}
		}
	}
}

func save(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}
