package cli

import (
	"fmt"
	"io"
	"os"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/posthaste/posthaste/pkg/client"
)

// progress shows how far a replay is: a bar on a terminal, lines elsewhere.
type progress struct {
	id   string
	out  io.Writer
	bar  *progressbar.ProgressBar // nil for lines
	last int                      // percent that were shown
}

// lineStep is how many percent lie between two lines.
const lineStep = 10

func (t *Terminal) newProgress(id string) *progress {
	p := &progress{id: id, out: t.Err, last: -lineStep}
	if f, ok := t.Err.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		p.bar = newBar(f, id)
	}
	return p
}

func newBar(out io.Writer, id string) *progressbar.ProgressBar {
	return progressbar.NewOptions(100, progressbar.OptionSetWriter(out), progressbar.OptionSetDescription(plain("replay "+id)),
		progressbar.OptionSetWidth(40), progressbar.OptionSetPredictTime(false))
}

// at shows a state.
func (p *progress) at(r client.Replay) {
	percent := max(0, min(100, int(r.Progress*100)))
	if p.bar != nil {
		_ = p.bar.Set(percent) // the terminal has no better place for its own failure
		return
	}
	if percent >= p.last+lineStep {
		p.last = percent
		fmt.Fprintf(p.out, "replay %s: %d %%, %d delivered\n", p.id, percent, r.Delivered)
	}
}

// end leaves the line of the bar.
func (p *progress) end() {
	if p.bar != nil {
		_ = p.bar.Exit() // likewise
		fmt.Fprintln(p.out)
	}
}
