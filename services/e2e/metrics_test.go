package e2e

import (
	"bufio"
	"strconv"
	"strings"
	"testing"
)

// metric is the sum of a counter over its labels, as /metrics shows it.
func (s *service) metric(t *testing.T, name string) float64 {
	t.Helper()
	res, err := s.http.Get("http://" + s.admin + "/metrics")
	if err != nil {
		t.Fatalf("metrics of %s: %v", s.name, err)
	}
	defer res.Body.Close()
	sum := 0.0
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		line := lines.Text()
		if rest, ok := strings.CutPrefix(line, name); !ok || rest == "" || (rest[0] != '{' && rest[0] != ' ') {
			continue
		}
		value, err := strconv.ParseFloat(line[strings.LastIndexByte(line, ' ')+1:], 64)
		if err != nil {
			t.Fatalf("metrics of %s: %q", s.name, line)
		}
		sum += value
	}
	return sum
}

const (
	attemptsMetric = "posthaste_dispatcher_attempts_total"
	eventsMetric   = "posthaste_router_events_total"
)
