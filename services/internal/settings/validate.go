package settings

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// validate calls Validate of the config and of each struct embedded in it, the
// embedded ones first: two of them hide each other's method from the outer one.
func (m *model) validate() error {
	err := validateStruct(reflect.ValueOf(m.config).Elem())
	var rule *WrongError
	if !errors.As(err, &rule) || m.byName[rule.Setting] == nil {
		return err
	}
	o := m.byName[rule.Setting]
	if o.said != nil {
		return wrong(o.said.where, o.show(strings.Join(o.said.texts, o.sep)), rule.Expected)
	}
	if o.fallback != nil {
		return wrong("setting "+o.Name, "the default "+o.show(o.fallback.texts[0]), rule.Expected)
	}
	return fmt.Errorf("setting %s is not set, expected %s, with flag %s, environment %s or file key %s",
		o.Name, rule.Expected, o.Flag, o.Env, o.Name)
}

type validator interface{ Validate() error }

func validateStruct(v reflect.Value) error {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		_, embed := field.Tag.Lookup("embed")
		if inner := reflect.Indirect(v.Field(i)); field.IsExported() && (field.Anonymous || embed) &&
			inner.Kind() == reflect.Struct {
			if err := validateStruct(inner); err != nil {
				return err
			}
		}
	}
	if validated, ok := v.Addr().Interface().(validator); ok {
		return validated.Validate()
	}
	return nil
}
