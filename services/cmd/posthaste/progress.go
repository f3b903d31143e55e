package main

import (
	"log/slog"
	"os"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress shows how far something is, on a terminal.
type progress struct {
	what string
	log  *slog.Logger
	bar  *progressbar.ProgressBar
}

func (p *progress) set(done, total int) {
	if p.bar == nil && total > 0 && term.IsTerminal(int(os.Stderr.Fd())) {
		p.bar = progressbar.Default(int64(total), p.what)
	}
	if p.bar != nil {
		_ = p.bar.Set64(int64(done)) // the terminal has no better place for its own failure
	}
	p.log.Debug("progress", "of", p.what, "done", done, "total", total)
}
