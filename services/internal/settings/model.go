package settings

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"regexp"

	"github.com/alecthomas/kong"
)

// model is one command with its parser and its options.
type model struct {
	Command
	config  any // pointer to the struct that the parser fills
	run     func(context.Context) error
	parser  *kong.Kong
	options []*option
	byName  map[string]*option
	extra   []*option // positional arguments
}

const (
	configName = "config"
	fileSuffix = "-file"
)

// settingName leaves out what has no environment name of its own: a_b and a-b
// would be the same variable.
var settingName = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

// newModel reads the tags of a command's struct. Every error is a mistake in
// the code, never one of the user.
func newModel(c Command) (*model, error) {
	m := &model{Command: c, byName: map[string]*option{}}
	if c.start == nil {
		return nil, fmt.Errorf("command %s: not made with settings.For", c.Name)
	}
	m.config, m.run = c.start()
	if err := m.build(); err != nil {
		return nil, fmt.Errorf("command %s: %w", c.Name, err)
	}
	return m, nil
}

func (m *model) build() (err error) {
	// Our own help shows the environment name and the unit, kong's doesn't.
	if m.parser, err = kong.New(m.config, kong.NoDefaultHelp()); err != nil {
		return fmt.Errorf("read the tags: %w", err)
	}
	if len(m.parser.Model.Children) > 0 {
		return errors.New("a command in a command is not supported")
	}
	for _, flag := range m.parser.Model.Flags {
		if err := m.add(flag, false); err != nil {
			return err
		}
	}
	for _, o := range m.options[:len(m.options):len(m.options)] {
		if !o.Secret {
			continue
		}
		help := "File that holds the value of --" + o.Name + "."
		if err := m.add(textFlag(o.Name+fileSuffix, help, o.Group), true); err != nil {
			return err
		}
	}
	help := "YAML file of settings; its keys are the flags without dashes."
	if err := m.add(textFlag(configName, help, ""), false); err != nil {
		return err
	}
	flags := make([]*kong.Flag, 0, len(m.options))
	for _, o := range m.options {
		flags = append(flags, o.flag)
	}
	m.parser.Model.Node.Flags = flags
	return m.addArguments()
}

// add makes an option of a flag; companion marks the -file form of a secret.
func (m *model) add(flag *kong.Flag, companion bool) error {
	if err := supported(flag); err != nil {
		return fmt.Errorf("setting %s: %w", flag.Name, err)
	}
	if m.byName[flag.Name] != nil {
		return fmt.Errorf("setting %s: the name is taken", flag.Name)
	}
	o := newOption(flag.Value, "flag --"+flag.Name)
	o.flag, o.companion = flag, companion
	o.describe(flag)
	if flag.HasDefault {
		o.fallback = &statement{where: "default of " + flag.Name, texts: []string{flag.Default}}
		shown, err := o.showDefault()
		if err != nil {
			return err
		}
		o.Default = shown
	} else if !flag.Required {
		o.Default = zeroShown(o.typ)
	}
	// Kong would apply its default through the same mapper as a flag; load
	// hands it in with the other sources, where it is known to be a default.
	flag.HasDefault, flag.Required = false, false
	m.options = append(m.options, o)
	m.byName[flag.Name] = o
	return nil
}

func supported(flag *kong.Flag) error {
	if !settingName.MatchString(flag.Name) || flag.Name == "help" {
		return errors.New("not a name for a setting")
	}
	for _, tag := range []string{"env", "envprefix", "type", "xor", "and", "lastwins"} {
		if flag.Tag.Has(tag) {
			return fmt.Errorf("the tag %s is not supported", tag)
		}
	}
	return supportedType(flag.Target.Type())
}

func supportedType(t reflect.Type) error {
	if _, ok := kindOf(scalar(t)); !ok {
		return fmt.Errorf("the type %s is not supported", t)
	}
	return nil
}

// textFlag is a setting that no struct has, with a value of its own.
func textFlag(name, help, group string) *kong.Flag {
	flag := &kong.Flag{Value: &kong.Value{
		Name: name, Help: help, Tag: &kong.Tag{Sep: ','}, Target: reflect.New(reflect.TypeFor[string]()).Elem(),
	}}
	flag.Value.Flag = flag
	if group != "" {
		flag.Group = &kong.Group{Key: group, Title: group}
	}
	return flag
}

func isSecret(flag *kong.Flag) bool {
	t := scalar(flag.Target.Type())
	return flag.Tag.Has("secret") || t == reflect.TypeFor[Secret]() || t == reflect.TypeFor[SecretURL]()
}
