package stack

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// Counts are those of a counter by the value of its label "reason".
type Counts map[string]int

// Sum is that of all reasons.
func (c Counts) Sum() (sum int) {
	for _, n := range c {
		sum += n
	}
	return sum
}

// Counter reads a counter from /metrics. One that has not counted yet is
// empty.
func (s *Stack) Counter(ctx context.Context, name string) (Counts, error) {
	body, err := s.get(ctx, "/metrics")
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return counts(body, name)
}

var reason = regexp.MustCompile(`[{,]reason="([^"]*)"`)

// counts reads Prometheus's text format.
func counts(text io.Reader, name string) (Counts, error) {
	all := make(Counts)
	lines := bufio.NewScanner(text)
	for lines.Scan() {
		rest, ok := strings.CutPrefix(lines.Text(), name)
		if !ok || rest == "" || rest[0] != '{' && rest[0] != ' ' {
			continue
		}
		n, err := strconv.ParseFloat(rest[strings.LastIndexByte(rest, ' ')+1:], 64)
		if err != nil {
			return nil, fmt.Errorf("metric %s: %w", name, err)
		}
		label := ""
		if found := reason.FindStringSubmatch(rest); found != nil {
			label = found[1]
		}
		all[label] += int(n)
	}
	return all, lines.Err()
}
