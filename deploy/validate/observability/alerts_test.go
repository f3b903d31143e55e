package observability

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/storage"
	"go.yaml.in/yaml/v3"
)

// runbooks is where alerts link to.
const runbooks = "https://github.com/posthaste/posthaste/blob/main/docs/operations.md#"

func TestAlertsAreWellFormed(t *testing.T) {
	t.Parallel()
	known, page := metrics(t), string(read(t, "docs/operations.md"))
	seen := make(map[string]bool)
	for _, rule := range rules(t) {
		if rule.Alert == "" || seen[rule.Alert] {
			t.Errorf("%q is no alert or there twice", rule.Alert)
		}
		seen[rule.Alert] = true
		checkQuery(t, known, rule.Alert, rule.Expr)
		if !slices.Contains([]string{"critical", "warning", "info"}, rule.Labels["severity"]) {
			t.Errorf("%s: severity is %q", rule.Alert, rule.Labels["severity"])
		}
		if rule.Annotations["summary"] == "" {
			t.Errorf("%s: no summary", rule.Alert)
		}
		if got, want := rule.Annotations["runbook_url"], runbooks+strings.ToLower(rule.Alert); got != want {
			t.Errorf("%s: runbook_url is %q, want %q", rule.Alert, got, want)
		}
		if !strings.Contains(page, "\n### "+rule.Alert+"\n") {
			t.Errorf("docs/operations.md has no runbook %s", rule.Alert)
		}
	}
	for line := range strings.Lines(page) {
		if alert, ok := strings.CutPrefix(strings.TrimSpace(line), "### Posthaste"); ok && !seen["Posthaste"+alert] {
			t.Errorf("docs/operations.md has a runbook of Posthaste%s, which is no alert", alert)
		}
	}
}

// unitTests is promtool's form.
type unitTests struct {
	Files    []string       `yaml:"rule_files"`
	Interval model.Duration `yaml:"evaluation_interval"`
	Tests    []unitTest     `yaml:"tests"`
}

type unitTest struct {
	Name     string         `yaml:"name"`
	Interval model.Duration `yaml:"interval"`
	Input    []struct {
		Series string `yaml:"series"`
		Values string `yaml:"values"`
	} `yaml:"input_series"`
	Alerts []struct {
		At    model.Duration `yaml:"eval_time"`
		Alert string         `yaml:"alertname"`
		Fire  []struct {
			Labels map[string]string `yaml:"exp_labels"`
		} `yaml:"exp_alerts"`
	} `yaml:"alert_rule_test"`
}

func readUnitTests(t *testing.T) unitTests {
	t.Helper()
	var all unitTests
	decoder := yaml.NewDecoder(strings.NewReader(string(read(t, "deploy/observability/alerts.test.yaml"))))
	decoder.KnownFields(true)
	if err := decoder.Decode(&all); err != nil {
		t.Fatal(err)
	}
	return all
}

// store holds the input series.
func (u *unitTest) store(t *testing.T) storage.Storage {
	t.Helper()
	var load strings.Builder
	fmt.Fprintf(&load, "load %s\n", u.Interval)
	for _, in := range u.Input {
		fmt.Fprintf(&load, "  %s %s\n", in.Series, in.Values)
	}
	return promqltest.LoadedStorage(t, load.String())
}

func TestAlertsFire(t *testing.T) {
	t.Parallel()
	all := readUnitTests(t)
	byName := make(map[string]rulefmt.Rule)
	for _, rule := range rules(t) {
		byName[rule.Alert] = rule
	}
	fired, quiet := make(map[string]bool), make(map[string]bool)
	for _, unit := range all.Tests {
		engine := promqltest.NewTestEngine(t, false, 0, promqltest.DefaultMaxSamplesPerQuery)
		stored := unit.store(t)
		for _, test := range unit.Alerts {
			rule, ok := byName[test.Alert]
			if !ok {
				t.Errorf("%s: there is no alert %s", unit.Name, test.Alert)
				continue
			}
			var want []string
			for _, fire := range test.Fire {
				want = append(want, labels.FromMap(fire.Labels).String())
			}
			slices.Sort(want)
			got := firing(t, engine, stored, rule, time.Duration(all.Interval), time.Duration(test.At))
			if !slices.Equal(got, want) {
				t.Errorf("%s: at %s %s fires with %q, want %q", unit.Name, test.At, test.Alert, got, want)
			}
			if len(want) > 0 {
				fired[test.Alert] = true
			} else {
				quiet[test.Alert] = true
			}
		}
	}
	for alert := range byName {
		if !fired[alert] || !quiet[alert] {
			t.Errorf("%s is seen to fire: %t, to be quiet: %t; want both", alert, fired[alert], quiet[alert])
		}
	}
}

// firing evaluates the rule from the start as a Prometheus does, and returns the
// labels of what has held for as long as the rule asks.
func firing(t *testing.T, engine *promql.Engine, stored storage.Queryable, rule rulefmt.Rule, step, at time.Duration) []string {
	t.Helper()
	since := make(map[string]time.Duration)
	for now := time.Duration(0); now <= at; now += step {
		held := make(map[string]time.Duration)
		for _, sample := range query(t, engine, stored, rule.Expr, now) {
			b := labels.NewBuilder(sample.Metric).Del(labels.MetricName)
			for name, value := range rule.Labels {
				b.Set(name, value)
			}
			key := b.Labels().String()
			held[key] = now
			if before, ok := since[key]; ok {
				held[key] = before
			}
		}
		since = held
	}
	var all []string
	for key, from := range since {
		if at-from >= time.Duration(rule.For) {
			all = append(all, key)
		}
	}
	slices.Sort(all)
	return all
}

func query(t *testing.T, engine *promql.Engine, stored storage.Queryable, expr string, at time.Duration) promql.Vector {
	t.Helper()
	q, err := engine.NewInstantQuery(t.Context(), stored, nil, expr, time.Unix(0, 0).Add(at))
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	vector, err := q.Exec(t.Context()).Vector()
	if err != nil {
		t.Fatal(err)
	}
	return slices.Clone(vector)
}
