package settings

import (
	"fmt"
	"reflect"

	"github.com/alecthomas/kong"
)

// addArguments gives the positional arguments our mapper, and adds a last one
// that takes what is too much.
func (m *model) addArguments() error {
	node := m.parser.Model.Node
	for _, value := range node.Positional {
		if err := supportedType(value.Target.Type()); err != nil {
			return fmt.Errorf("argument %s: %w", value.Name, err)
		}
		o := newOption(value, fmt.Sprintf("argument <%s>", value.Name))
		o.Name, o.Help, o.Required = value.Name, value.Help, value.Required
		if value.Enum != "" {
			o.Enum = value.EnumSlice()
		}
		m.extra = append(m.extra, o)
	}
	node.Positional = append(node.Positional, &kong.Value{
		Name: "surplus", Tag: &kong.Tag{}, Mapper: surplus{m}, Target: reflect.New(reflect.TypeFor[string]()).Elem(),
	})
	return nil
}

// missingArgument finds a required positional argument that isn't given.
func (m *model) missingArgument() error {
	for i, o := range m.extra {
		if o.Required && !m.parser.Model.Positional[i].Set {
			return fmt.Errorf("%s: %s is not given, expected %s", m.Name, o.where, o.expected())
		}
	}
	return nil
}

// argumentUsage is how a usage line writes an argument.
func (o *option) argumentUsage() string {
	usage := "<" + o.Name + ">"
	if isList(o.typ) {
		usage += " ..."
	}
	if !o.Required {
		usage = "[" + usage + "]"
	}
	return usage
}
