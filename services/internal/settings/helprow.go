package settings

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

const helpWidth = 100 // columns

func columnWidths(options []*option) (widths [2]int) {
	for _, o := range options {
		widths[0] = max(widths[0], len(o.helpFlag()))
		widths[1] = max(widths[1], len(o.Env))
	}
	return widths
}

func (o *option) helpFlag() string {
	if o.flag.Short != 0 {
		return o.Flag + ", -" + string(o.flag.Short)
	}
	return o.Flag
}

// writeHelp writes a line with the names and the default, and what it means
// below. A default that doesn't fit in the line goes below too.
func (o *option) writeHelp(b *strings.Builder, widths [2]int) {
	value := o.valueHelp()
	text := sentence(o.Help) + enumSentence(o.Enum)
	if o.Secret {
		text += fmt.Sprintf(" Or %s%s (%s_FILE): a file that holds it.", o.Flag, fileSuffix, o.Env)
	}
	line := fmt.Sprintf("  %-*s  %-*s  %s", widths[0], o.helpFlag(), widths[1], o.Env, value)
	if utf8.RuneCountInString(line) > helpWidth {
		line = fmt.Sprintf("  %-*s  %s", widths[0], o.helpFlag(), o.Env)
		text += " Value: " + value + "."
	}
	b.WriteString(strings.TrimRight(line, " ") + "\n")
	writeWrapped(b, "      ", strings.TrimSpace(text))
}

// valueHelp is the default and the unit, such as "256KiB (bytes)".
func (o *option) valueHelp() string {
	value := o.Default
	if value == "" {
		value = "none"
	}
	if o.Required && o.Default == "" {
		value = "required"
	}
	if o.Unit != "" {
		value += " (" + o.Unit + ")"
	}
	return value
}

// sentence ends a help text, whether or not its tag does.
func sentence(text string) string {
	if text == "" || strings.ContainsAny(text[len(text)-1:], ".!?") {
		return text
	}
	return text + "."
}

func enumSentence(enum []string) string {
	if enum == nil {
		return ""
	}
	return " One of " + strings.Join(enum, ", ") + "."
}

// writeWrapped breaks text at spaces to lines of helpWidth columns.
func writeWrapped(b *strings.Builder, indent, text string) {
	line := indent
	for _, word := range strings.Fields(text) {
		if len(line) > len(indent) && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > helpWidth {
			b.WriteString(line + "\n")
			line = indent
		}
		if len(line) > len(indent) {
			line += " "
		}
		line += word
	}
	if len(line) > len(indent) {
		b.WriteString(line + "\n")
	}
}
