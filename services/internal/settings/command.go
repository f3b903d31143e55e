package settings

import "context"

// Command is one row of the table that main is: a name, what it does, and the
// function that does it with its settings. Make one with For.
type Command struct {
	Name string // as typed, such as router
	Help string // one line, lower case, without a full stop

	// start makes an empty config and what runs with it. Each call makes
	// another, so that two runs of one table share nothing.
	start func() (config any, run func(context.Context) error)
}

// For makes the command that runs with settings of type C, a struct with kong
// tags. C or *C, and structs embedded in it, may have a Validate() error method;
// it is called before run and may return Wrong to name a setting.
//
// run blocks until the work is done or, after ctx ends, until it is drained; nil
// means that all went well. Fields with the arg tag are positional arguments; the last
// may be a list, whose values stand together, with no flag between them.
func For[C any](name, help string, run func(ctx context.Context, config C) error) Command {
	return Command{Name: name, Help: help, start: func() (any, func(context.Context) error) {
		config := new(C)
		return config, func(ctx context.Context) error { return run(ctx, *config) }
	}}
}
