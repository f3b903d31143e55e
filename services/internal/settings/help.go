package settings

import (
	"fmt"
	"strings"
)

// overview lists the commands.
func (t *table) overview(program string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Usage: %s <command> [settings]\n\nCommands\n", program)
	width := len("help")
	for _, m := range t.models {
		width = max(width, len(m.Name))
	}
	for _, m := range t.models {
		fmt.Fprintf(&b, "  %-*s  %s\n", width, m.Name, m.Help)
	}
	fmt.Fprintf(&b, "  %-*s  %s\n\n", width, "help", "list the settings of a command: "+program+" help <command>")
	writeWrapped(&b, "", "A setting is said as flag --name=value, as environment "+EnvPrefix+
		"NAME=value, or as line name: value in the YAML file that --config names. "+
		"Flags beat the environment, the environment beats the file.")
	return b.String()
}

// help lists the settings of one command by group, those without a group first.
func (m *model) help(program string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Usage: %s %s [settings]", program, m.Name)
	for _, o := range m.extra {
		b.WriteString(" " + o.argumentUsage())
	}
	fmt.Fprintf(&b, "\n\n%s\n", m.Help)
	if len(m.extra) > 0 {
		b.WriteString("\nArguments\n")
		for _, o := range m.extra {
			fmt.Fprintf(&b, "  %s\n", o.argumentUsage())
			writeWrapped(&b, "      ", sentence(o.Help)+enumSentence(o.Enum))
		}
	}
	visible := m.visible()
	widths := columnWidths(visible)
	for _, group := range groupsOf(visible) {
		heading := group
		if heading == "" {
			heading = "Settings"
		}
		fmt.Fprintf(&b, "\n%s\n", heading)
		for _, o := range visible {
			if o.Group == group {
				o.writeHelp(&b, widths)
			}
		}
	}
	b.WriteString("\n")
	writeWrapped(&b, "", "Flags beat the environment, the environment beats the file that --config names. "+
		"A key in the file is the flag without dashes.")
	return b.String()
}

func (m *model) visible() []*option {
	var list []*option
	for _, o := range m.options {
		if !o.flag.Hidden && !o.companion {
			list = append(list, o)
		}
	}
	return list
}

// groupsOf gives the groups in the order of the settings, "" first.
func groupsOf(options []*option) []string {
	groups, seen := []string{""}, map[string]bool{"": true}
	for _, o := range options {
		if !seen[o.Group] {
			seen[o.Group] = true
			groups = append(groups, o.Group)
		}
	}
	return groups
}
