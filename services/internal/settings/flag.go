package settings

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// beforeDashes gives the arguments before "--", after which nothing is a flag.
func beforeDashes(args []string) []string {
	if end := slices.Index(args, "--"); end >= 0 {
		return args[:end]
	}
	return args
}

func wantsHelp(args []string) bool {
	early := beforeDashes(args)
	return slices.Contains(early, "--help") || slices.Contains(early, "-h")
}

// checkFlags finds a flag that the command doesn't have, before kong does: kong
// never takes an argument that starts with a dash as a value, so each one is a
// flag, and its error for this has no type.
func (t *table) checkFlags(m *model, args []string) error {
	early := beforeDashes(args)
	for i, arg := range early {
		if len(arg) < 2 || arg[0] != '-' {
			continue
		}
		if i > 0 {
			// Not an unknown flag, whose name would be shown: it may be a secret.
			if o := m.waiting(early[i-1]); o != nil {
				return fmt.Errorf("%s: no value is given, expected %s, after = if it starts with a dash", o.where, o.expected())
			}
		}
		name, _, hasValue := strings.Cut(arg, "=")
		if long, ok := strings.CutPrefix(name, "--"); ok {
			if !m.hasFlag(long) {
				return t.unknownFlag(m, long)
			}
			if hasValue && m.isNegation(long) {
				return fmt.Errorf("flag --%s: a value is wrong, expected none", long)
			}
			continue
		}
		if short := []rune(name)[1]; !m.hasShort(short) {
			return unknown("flag -"+string(short), nearestFlag(m, name[1:]))
		}
	}
	return nil
}

// waiting gives the option whose flag this argument is, if its value is to come
// in the next argument.
func (m *model) waiting(arg string) *option {
	for _, o := range m.options {
		if o.typ.Kind() == reflect.Bool {
			continue
		}
		if arg == "-"+string(o.flag.Short) || slices.ContainsFunc(flagNames(o.flag), func(name string) bool {
			return arg == "--"+name
		}) {
			return o
		}
	}
	return nil
}

func (m *model) hasFlag(long string) bool {
	for _, o := range m.options {
		if slices.Contains(flagNames(o.flag), long) {
			return true
		}
	}
	return false
}

func (m *model) hasShort(short rune) bool {
	return slices.ContainsFunc(m.options, func(o *option) bool {
		return o.flag.Short == short || slices.Contains(o.flag.Aliases, string(short))
	})
}

// isNegation says whether a flag that exists is the opposite of a bool setting.
func (m *model) isNegation(long string) bool {
	return slices.ContainsFunc(m.options, func(o *option) bool {
		return o.flag.Tag.Negatable != "" && long != o.Name && !slices.Contains(o.flag.Aliases, long) &&
			slices.Contains(flagNames(o.flag), long)
	})
}

// flagNames gives a flag's name, aliases and negation, without dashes.
func flagNames(flag *kong.Flag) []string {
	names := append([]string{flag.Name}, flag.Aliases...)
	switch flag.Tag.Negatable {
	case "":
	case "_": // how kong keeps a negatable tag without a name
		names = append(names, "no-"+flag.Name)
	default:
		names = append(names, flag.Tag.Negatable)
	}
	return names
}

func (t *table) unknownFlag(m *model, name string) error {
	if owners := t.owners[name]; owners != nil {
		return fmt.Errorf("flag --%s: not a setting of %s, it belongs to %s",
			name, m.Name, strings.Join(owners, ", "))
	}
	return unknown("flag --"+name, nearestFlag(m, name))
}

func nearestFlag(m *model, name string) string {
	var candidates []string
	for _, o := range m.options {
		if !o.flag.Hidden {
			candidates = append(candidates, o.Name)
		}
	}
	if hint := nearest(name, candidates); hint != "" {
		return "--" + hint
	}
	return ""
}
