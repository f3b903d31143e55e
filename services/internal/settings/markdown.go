package settings

import (
	"fmt"
	"slices"
	"strings"
)

// row is one setting in the documentation, for all commands that have it.
type row struct {
	Setting
	commands []string
	defaults []string // one for each of commands
}

// Markdown renders the settings of all commands as tables, one for each group,
// each setting once with the commands that use it. Where commands have different
// defaults, the cell says which is whose.
func Markdown(commands []Command) (string, error) {
	rows, groups, err := documented(commands)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, group := range groups {
		heading := group
		if heading == "" {
			heading = "General"
		}
		fmt.Fprintf(&b, "## %s\n\n", heading)
		b.WriteString("| Flag | Environment | Default | Unit | What it does | Used by |\n")
		b.WriteString("|---|---|---|---|---|---|\n")
		for _, r := range rows {
			if r.Group == group {
				r.write(&b, len(commands))
			}
		}
		b.WriteString("\n")
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}

// documented merges the settings of all commands, in the order of the table.
func documented(commands []Command) (rows []*row, groups []string, err error) {
	if err := Check(commands); err != nil {
		return nil, nil, err
	}
	byName := map[string]*row{}
	for _, c := range commands {
		list, err := Settings(c)
		if err != nil {
			return nil, nil, err
		}
		for _, s := range list {
			r := byName[s.Name]
			if r == nil {
				r = &row{Setting: s}
				byName[s.Name], rows = r, append(rows, r)
			}
			r.commands = append(r.commands, c.Name)
			r.defaults = append(r.defaults, s.Default)
			if !slices.Contains(groups, r.Group) {
				groups = append(groups, r.Group)
			}
		}
	}
	return rows, groups, nil
}

func (r *row) write(b *strings.Builder, commands int) {
	help := sentence(r.Help) + enumSentence(r.Enum)
	if r.Secret {
		help += fmt.Sprintf(" Secret; `%s_FILE` names a file that holds it.", r.Env)
	}
	users := strings.Join(r.commands, ", ")
	if len(r.commands) == commands {
		users = "all"
	}
	for _, cell := range []string{code(r.Flag), code(r.Env), r.defaultCell(), r.Unit, strings.TrimSpace(help), users} {
		b.WriteString("| " + escaped(cell) + " ")
	}
	b.WriteString("|\n")
}

func (r *row) defaultCell() string {
	if r.Required && r.Default == "" {
		return "required"
	}
	if len(slices.Compact(slices.Clone(r.defaults))) == 1 {
		return code(r.Default)
	}
	cells := make([]string, 0, len(r.defaults))
	for i, value := range r.defaults {
		if value == "" {
			value = "none"
		}
		cells = append(cells, code(value)+" ("+r.commands[i]+")")
	}
	return strings.Join(cells, ", ")
}

func code(text string) string {
	if text == "" {
		return "none"
	}
	return "`" + text + "`"
}

// escaped keeps a text within its cell.
func escaped(text string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ").Replace(text)
}
