package report

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/posthaste/posthaste/services/cmd/chaos/internal/fault"
	"github.com/posthaste/posthaste/services/cmd/chaos/internal/ledger"
	"github.com/posthaste/posthaste/services/cmd/chaos/internal/run"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func results() []*run.Result {
	lost := ledger.Finding{Key: ledger.Key{Event: "e1", Subscription: "t1/steady"}, What: "did not arrive"}
	one := &run.Result{
		Name: "single 1", Settled: 1500 * time.Millisecond, Broken: []string{"11 lost"}, Fell: map[string]int{"router-0": 2},
		Shares:  []float64{0.5, 0.5},
		Result:  &ledger.Result{Taken: 5, Deliveries: 20, Delivered: 8, Failed: 1, Twice: 3, InFlight: 2, Late: []time.Duration{time.Second, 0}},
		Windows: []ledger.Window{{Fault: fault.Fault{Kind: fault.Kill, Target: fault.Router, At: time.Second, For: time.Second}, Where: "router-0"}},
	}
	for range 11 {
		one.Lost = append(one.Lost, lost)
	}
	two := &run.Result{Name: "cluster 1", Result: &ledger.Result{Taken: 7, Deliveries: 9, Delivered: 9}}
	return []*run.Result{one, two}
}

func TestRun(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	Run(&out, results()[0])
	for _, want := range []string{
		"1s kill:router for 1s (router-0", "BROKEN: 11 lost", "e1 for t1/steady: did not arrive", "and 1 more", "router-0 ended by itself 2 times", "shares of 2 dispatchers, in percent: 50.0, 50.0",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, &out)
		}
	}
}

func TestTables(t *testing.T) {
	t.Parallel()
	var text, markdown bytes.Buffer
	Table(&text, results())
	Markdown(&markdown, results())
	for _, want := range []string{
		"| single 1 | 1 | 5 | 20 | 8 | 1 | 11 | 1 | 2 | 0 | 0s, 0s, 1s | 1.5s |",
		"| all | 1 | 12 | 29 | 17 | 1 | 11 | 1 | 2 | 0 | 0s, 0s, 1s | 1.5s |",
		"| `kill:router` | 1 |", "single 1: shares of 2 dispatchers, in percent: 50.0, 50.0.",
	} {
		if !strings.Contains(markdown.String(), want) {
			t.Errorf("%q is missing in\n%s", want, &markdown)
		}
	}
	var none bytes.Buffer
	Markdown(&none, results()[1:])
	if strings.Contains(none.String(), "fault |") {
		t.Errorf("without faults it counts them:\n%s", &none)
	}
	if lines := strings.Count(text.String(), "\n"); lines != 4 {
		t.Errorf("%d lines, want a head, two runs and all\n%s", lines, &text)
	}
}
