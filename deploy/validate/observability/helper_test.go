package observability

import (
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
)

// root is the top of the repository.
const root = "../../.."

var promQL = parser.NewParser(parser.Options{})

func read(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// rules reads alerts.yaml as Prometheus does.
func rules(t *testing.T) []rulefmt.Rule {
	t.Helper()
	groups, errs := rulefmt.Parse(read(t, "deploy/observability/alerts.yaml"), false, model.UTF8Validation, promQL, slog.New(slog.DiscardHandler))
	for _, err := range errs {
		t.Error(err)
	}
	if groups == nil {
		t.FailNow()
	}
	var all []rulefmt.Rule
	for _, group := range groups.Groups {
		all = append(all, group.Rules...)
	}
	return all
}

var (
	row  = regexp.MustCompile("(?m)^\\| `(posthaste_[a-z_]+)` \\|([^|]*)\\| (histogram)?")
	name = regexp.MustCompile("`([a-z_]+)`")
)

// metrics are those of the table in docs/operations.md with their labels.
// services/internal/docstest holds the table to the code.
func metrics(t *testing.T) map[string][]string {
	t.Helper()
	all := map[string][]string{
		"up":                            {"job", "service", "instance"},
		"process_cpu_seconds_total":     {"job", "service", "instance"},
		"process_resident_memory_bytes": {"job", "service", "instance"},
	}
	for _, found := range row.FindAllStringSubmatch(string(read(t, "docs/operations.md")), -1) {
		var of []string
		for _, label := range name.FindAllStringSubmatch(found[2], -1) {
			of = append(of, label[1])
		}
		if found[3] == "" {
			all[found[1]] = of
			continue
		}
		for _, suffix := range []string{"_bucket", "_sum", "_count"} {
			all[found[1]+suffix] = append(slices.Clone(of), "le")
		}
	}
	if len(all) < 20 {
		t.Fatalf("docs/operations.md has %d metrics", len(all))
	}
	return all
}

// checkQuery parses the query and holds its metrics and labels to the table.
func checkQuery(t *testing.T, known map[string][]string, where, query string) {
	t.Helper()
	query = strings.ReplaceAll(query, "$__rate_interval", "1m") // Grafana's own
	expr, err := promQL.ParseExpr(query)
	if err != nil {
		t.Errorf("%s: %v", where, err)
		return
	}
	var usable []string // labels of all metrics in it
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		if s, ok := node.(*parser.VectorSelector); ok {
			of, ok := known[s.Name]
			if !ok {
				t.Errorf("%s: docs/operations.md has no metric %s", where, s.Name)
			}
			usable = append(usable, of...)
			for _, m := range s.LabelMatchers {
				if m.Name != labels.MetricName && !slices.Contains(of, m.Name) {
					t.Errorf("%s: %s has no label %s", where, s.Name, m.Name)
				}
			}
		}
		return nil
	})
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		if a, ok := node.(*parser.AggregateExpr); ok {
			for _, label := range a.Grouping {
				if !slices.Contains(usable, label) {
					t.Errorf("%s: groups by %s, which nothing in it has", where, label)
				}
			}
		}
		return nil
	})
}
