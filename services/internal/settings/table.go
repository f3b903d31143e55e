package settings

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// table is all commands: they share one environment and one file, so each must
// know the names that belong to the others.
type table struct {
	models []*model
	owners map[string][]string // setting to the commands that have it
}

// Check finds the mistakes in a table that no user can cause: a wrong tag or
// default, a type that isn't supported, a name used twice, a setting that has
// one type here and another there. Run checks too; a test finds it earlier.
func Check(commands []Command) error {
	_, err := newTable(commands)
	return err
}

func newTable(commands []Command) (*table, error) {
	t := &table{owners: map[string][]string{}}
	first := map[string]*option{}
	for _, c := range commands {
		if c.Name == "" || c.Name == "help" || c.Name[0] == '-' || t.find(c.Name) != nil {
			return nil, fmt.Errorf("command %q: not a name, or taken", c.Name)
		}
		m, err := newModel(c)
		if err != nil {
			return nil, err
		}
		for _, o := range m.options {
			before := first[o.Name]
			if before == nil {
				first[o.Name], before = o, o
			}
			if before.typ != o.typ || before.Secret != o.Secret {
				return nil, fmt.Errorf("command %s: setting %s: not of the same type as in %s",
					c.Name, o.Name, t.owners[o.Name][0])
			}
			t.owners[o.Name] = append(t.owners[o.Name], c.Name)
		}
		t.models = append(t.models, m)
	}
	if len(t.models) == 0 {
		return nil, errors.New("no commands")
	}
	return t, nil
}

func (t *table) find(command string) *model {
	for _, m := range t.models {
		if m.Name == command {
			return m
		}
	}
	return nil
}

func (t *table) commandNames() []string {
	names := []string{"help"}
	for _, m := range t.models {
		names = append(names, m.Name)
	}
	return names
}

// names lists every setting of every command, in alphabetical order.
func (t *table) names() []string { return slices.Sorted(maps.Keys(t.owners)) }
