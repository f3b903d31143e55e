package docstest

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	exported   = regexp.MustCompile(`\bposthaste_[a-z_]+[a-z]\b`)
	instrument = regexp.MustCompile(`(Int64Counter|Int64UpDownCounter|Int64Gauge|Int64ObservableGauge|Float64ObservableGauge|Float64Histogram)\("(posthaste\.[a-z.]+)"`)
)

// suffixes are what /metrics adds to a metric's name, by its kind. The unit of
// all that is no whole number is the second.
var suffixes = map[string]string{"Int64Counter": "_total", "Float64Histogram": "_seconds", "Float64ObservableGauge": "_seconds"}

// metricsInCode names the metrics as /metrics shows them.
func metricsInCode(t *testing.T) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(filepath.Join(root, "services"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, found := range instrument.FindAllStringSubmatch(string(text), -1) {
			all = append(all, strings.ReplaceAll(found[2], ".", "_")+suffixes[found[1]])
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	inCode, onPage := metricsInCode(t), exported.FindAllString(read(t, "docs/operations.md"), -1)
	if len(inCode) == 0 {
		t.Fatal("no metrics in the code")
	}
	for _, name := range onPage {
		if !slices.Contains(inCode, name) {
			t.Errorf("docs/operations.md names the metric %s, which is not in the code", name)
		}
	}
	for _, name := range inCode {
		if !slices.Contains(onPage, name) {
			t.Errorf("docs/operations.md does not name the metric %s", name)
		}
	}
}
