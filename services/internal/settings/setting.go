package settings

import (
	"strings"

	"github.com/alecthomas/kong"
)

// EnvPrefix starts the environment name of every setting. Another variable with
// this prefix stops the start.
const EnvPrefix = "POSTHASTE_"

// Setting describes one setting as data, for help and documentation.
type Setting struct {
	Name     string   // the key in a file, such as max-event-bytes
	Flag     string   // such as --max-event-bytes
	Env      string   // such as POSTHASTE_MAX_EVENT_BYTES
	Default  string   // as shown: sizes with their unit, secrets hidden; "" is none
	Unit     string   // what the value counts, such as bytes or duration; "" for text
	Help     string   // what it bounds or chooses, and why that default
	Group    string   // heading in help and documentation; "" for none
	Enum     []string // the only values allowed; nil for any
	Secret   bool     // never shown; can also be read with Flag + "-file"
	Required bool     // the start stops without it
}

// Settings lists the settings of a command in the order of its struct, then
// config. Hidden settings and the -file form of secrets aren't listed. The error
// says which tag of the struct is wrong.
func Settings(c Command) ([]Setting, error) {
	m, err := newModel(c)
	if err != nil {
		return nil, err
	}
	var list []Setting
	for _, o := range m.options {
		if !o.flag.Hidden && !o.companion {
			list = append(list, o.Setting)
		}
	}
	return list, nil
}

func envName(name string) string {
	return EnvPrefix + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// describe fills what help and documentation show of an option.
func (o *option) describe(flag *kong.Flag) {
	k, _ := kindOf(scalar(o.typ))
	o.Name, o.Flag, o.Env = flag.Name, "--"+flag.Name, envName(flag.Name)
	o.Help, o.Secret, o.Required = flag.Help, isSecret(flag), flag.Required
	if flag.Group != nil {
		o.Group = flag.Group.Title
	}
	if flag.Enum != "" {
		o.Enum = flag.EnumSlice()
	}
	o.Unit = flag.Tag.Get("unit")
	if o.Unit == "" {
		o.Unit = k.unit
		if isList(o.typ) {
			o.Unit = strings.TrimSpace(k.unit + " list")
		}
	}
}
