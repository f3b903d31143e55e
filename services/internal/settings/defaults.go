package settings

import "context"

// Defaults gives a config with the default of each tag, and reads no flag,
// environment or file. Required settings stay zero, and Validate isn't called.
// It is for tests, and panics where Check would find a mistake in the tags.
func Defaults[T any]() T {
	config := new(T)
	m, err := newModel(Command{Name: "defaults", start: func() (any, func(context.Context) error) {
		return config, nil
	}})
	if err != nil {
		panic(err)
	}
	for _, o := range m.options {
		if o.fallback == nil {
			continue
		}
		if err := o.assign(o.flag.Target, *o.fallback); err != nil {
			panic(err)
		}
	}
	return *config
}
