package settings

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// Exit codes of Run.
const (
	exitOK     = 0
	exitFailed = 1 // the command ran and failed
	exitUsage  = 2 // the command didn't start: a command or a setting is wrong
)

// Run runs the command that args name and returns the exit code: 0 if it
// returned nil or help was asked for, 1 if it failed, 2 if the name or a setting
// is wrong. Whatever is wrong is said in one line on stderr; help goes to stdout.
//
// name is the program's, such as posthaste; args are without it; environ is in
// the form of os.Environ. Run installs no signal handler: ctx says when to stop.
func Run(
	ctx context.Context, name string, commands []Command, args, environ []string, stdout, stderr io.Writer,
) (exitCode int) {
	p := &program{name: name, args: args, environ: environ, out: stdout}
	exitCode, err := p.run(ctx, commands)
	if err != nil {
		_, _ = fmt.Fprintln(stderr, oneLine(name+": "+scrub(err.Error(), p.secrets)))
	}
	return exitCode
}

// program is one call of Run.
type program struct {
	name          string
	args, environ []string
	out           io.Writer
	secrets       []string // known once the settings are read
}

func (p *program) run(ctx context.Context, commands []Command) (int, error) {
	t, err := newTable(commands)
	if err != nil {
		return exitFailed, fmt.Errorf("the table of commands is wrong: %w", err)
	}
	if len(p.args) == 0 {
		p.print(t.overview(p.name))
		return exitUsage, errors.New("no command is given, expected one of the list")
	}
	switch first, rest := p.args[0], p.args[1:]; first {
	case "help", "--help", "-h":
		return p.help(t, rest)
	default:
		return p.command(ctx, t, first, rest)
	}
}

func (p *program) help(t *table, args []string) (int, error) {
	if len(args) == 0 || wantsHelp(args) {
		p.print(t.overview(p.name))
		return exitOK, nil
	}
	if len(args) > 1 {
		return exitUsage, fmt.Errorf("help: %s is not expected, help takes one command", quoted(args[1]))
	}
	m := t.find(args[0])
	if m == nil {
		return exitUsage, t.unknownCommand(p.name, args[0])
	}
	p.print(m.help(p.name))
	return exitOK, nil
}

func (p *program) command(ctx context.Context, t *table, name string, args []string) (int, error) {
	m := t.find(name)
	if m == nil {
		return exitUsage, t.unknownCommand(p.name, name)
	}
	if wantsHelp(args) {
		p.print(m.help(p.name))
		return exitOK, nil
	}
	err := t.load(m, args, p.environ)
	p.secrets = m.secrets()
	if err != nil {
		return exitUsage, err
	}
	if err := m.run(ctx); err != nil {
		return exitFailed, err
	}
	return exitOK, nil
}

func (t *table) unknownCommand(program, name string) error {
	if len(name) > 0 && name[0] == '-' {
		return fmt.Errorf("a command is expected before flags, see %s help", program)
	}
	if hint := nearest(name, t.commandNames()); hint != "" {
		return fmt.Errorf("there is no command %s, did you mean %s?", quoted(name), hint)
	}
	return fmt.Errorf("there is no command %s, see %s help", quoted(name), program)
}

func (p *program) print(text string) { _, _ = io.WriteString(p.out, text) }
