package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/posthaste/posthaste/services/internal/ssrf"
)

type explainConfig struct {
	URL       string      `arg:"" help:"URL of an endpoint."`
	Endpoints ssrf.Config `embed:""`
	JSON      bool        `name:"json" group:"Output" help:"Print one JSON value a line, for programs."`
}

// lookUp is how long the host name may take to resolve.
const lookUp = 5 * time.Second

// explained is what the guard says of a URL.
type explained struct {
	URL       string          `json:"url"` // in the form that is sent; as given where it has none
	Allowed   bool            `json:"allowed"`
	Error     string          `json:"error,omitempty"`
	Addresses []explainedAddr `json:"addresses"`
}

type explainedAddr struct {
	Address string `json:"address,omitempty"` // "" where the name alone is refused
	Allowed bool   `json:"allowed"`
	Rule    string `json:"rule"`
}

// explainURL asks the guard that control and dispatcher ask, with the settings
// that are given here.
func (t *Terminal) explainURL(ctx context.Context, cfg explainConfig) error {
	ctx, cancel := context.WithTimeout(ctx, lookUp)
	defer cancel()
	report := ssrf.New(cfg.Endpoints, t.Resolver).Explain(ctx, cfg.URL)
	e := newExplained(cfg.URL, report)
	var err error
	if cfg.JSON {
		err = printer{t.Out, true}.line(e)
	} else {
		err = t.showExplained(e)
	}
	if err == nil && report.Err != nil {
		err = fmt.Errorf("refused: %w", report.Err)
	}
	return err
}

func newExplained(given string, report ssrf.Report) explained {
	e := explained{URL: given, Allowed: report.Err == nil, Addresses: []explainedAddr{}}
	if report.URL != nil {
		e.URL = report.URL.String()
	}
	if report.Err != nil {
		e.Error = report.Err.Error()
	}
	for _, j := range report.Addresses {
		a := explainedAddr{Allowed: j.Allowed, Rule: j.Rule}
		if j.Addr.IsValid() {
			a.Address = j.Addr.String()
		}
		e.Addresses = append(e.Addresses, a)
	}
	return e
}

func (t *Terminal) showExplained(e explained) error {
	fmt.Fprintln(t.Out, plain(e.URL))
	if len(e.Addresses) == 0 {
		return nil
	}
	return rows(printer{out: t.Out}, e.Addresses,
		column[explainedAddr]{"ADDRESS", func(a explainedAddr) string { return a.Address }},
		column[explainedAddr]{"WOULD BE", func(a explainedAddr) string { return verdict(a.Allowed) }},
		column[explainedAddr]{"RULE", func(a explainedAddr) string { return a.Rule }},
	)
}

func verdict(allowed bool) string {
	if allowed {
		return "dialled"
	}
	return "refused"
}
