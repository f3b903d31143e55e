package settings

import (
	"errors"
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
)

// load fills the config of a command from its flags, the environment, the file
// and the defaults, and validates it. Every error is one for the user.
func (t *table) load(m *model, args, environ []string) error {
	if err := t.checkFlags(m, args); err != nil {
		return err
	}
	ctx, err := kong.Trace(m.parser, args)
	if err != nil {
		return err
	}
	if ctx.Error != nil {
		return plain(ctx.Error)
	}
	if err := t.gather(m, environ); err != nil {
		return err
	}
	if err := m.apply(ctx); err != nil {
		return err
	}
	if err := m.missing(); err != nil {
		return err
	}
	return m.validate()
}

// gather finds for each option the strongest statement, and checks all of them.
func (t *table) gather(m *model, environ []string) error {
	env, err := t.readEnv(environ)
	if err != nil {
		return err
	}
	var file map[string]statement
	config := m.byName[configName]
	if config.choose(env[configName], statement{}); config.said != nil && config.said.texts[0] != "" {
		if file, err = t.readFile(config.said.where, config.said.texts[0]); err != nil {
			return err
		}
	}
	for _, o := range m.options {
		for _, s := range []statement{env[o.Name], file[o.Name]} {
			if s.where == "" {
				continue
			}
			if err := o.check(s); err != nil {
				return err
			}
		}
		o.choose(env[o.Name], file[o.Name])
	}
	return m.readSecrets()
}

// choose sets said to the strongest of the statements; an empty one is none.
func (o *option) choose(env, file statement) {
	switch {
	case o.flagSaid != nil:
		o.said = o.flagSaid
	case env.where != "":
		o.said = &env
	case file.where != "":
		o.said = &file
	}
}

// apply lets kong write flags, arguments and what gather found into the config.
// The statement goes in as a resolver's value: kong asks only for a flag that
// isn't given.
func (m *model) apply(ctx *kong.Context) error {
	ctx.AddResolver(kong.ResolverFunc(func(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
		o := m.byName[flag.Name]
		if o.said != nil {
			return *o.said, nil
		}
		if o.fallback != nil {
			return *o.fallback, nil
		}
		return nil, nil
	}))
	if err := ctx.Reset(); err != nil {
		return plain(err)
	}
	if err := ctx.Resolve(); err != nil {
		return plain(err)
	}
	_, err := ctx.Apply()
	return err
}

// missing finds a required setting or argument that nobody said.
func (m *model) missing() error {
	for _, o := range m.options {
		if !o.Required || o.said != nil || o.fallback != nil {
			continue
		}
		return fmt.Errorf("setting %s is not set, expected %s, with flag %s, environment %s or file key %s",
			o.Name, o.expected(), o.Flag, o.Env, o.Name)
	}
	return m.missingArgument()
}

// plain takes off the "--name: " that kong puts before an error of our mapper,
// which names the place itself.
func plain(err error) error {
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(inner) {
		if strings.HasSuffix(err.Error(), ": "+inner.Error()) {
			return inner
		}
	}
	return err
}
