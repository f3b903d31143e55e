package catalogue

import "github.com/santhosh-tekuri/jsonschema/v6"

// parts are the schemas that s goes on to; some are nil.
func parts(s *jsonschema.Schema) []*jsonschema.Schema {
	all := []*jsonschema.Schema{
		s.Ref, s.Not, s.If, s.Then, s.Else, s.PropertyNames, s.UnevaluatedProperties,
		s.Contains, s.Items2020, s.UnevaluatedItems, s.ContentSchema,
	}
	for _, list := range [][]*jsonschema.Schema{s.AllOf, s.AnyOf, s.OneOf, s.PrefixItems} {
		all = append(all, list...)
	}
	for _, p := range s.Properties {
		all = append(all, p)
	}
	for _, p := range s.PatternProperties {
		all = append(all, p)
	}
	for _, p := range s.DependentSchemas {
		all = append(all, p)
	}
	for _, p := range s.Dependencies {
		all = append(all, loose(p)...)
	}
	for _, p := range []any{s.AdditionalProperties, s.Items, s.AdditionalItems} {
		all = append(all, loose(p)...)
	}
	return all
}

// loose are the schemas in what may be one, several, or something else.
func loose(v any) []*jsonschema.Schema {
	switch v := v.(type) {
	case *jsonschema.Schema:
		return []*jsonschema.Schema{v}
	case []*jsonschema.Schema:
		return v
	default:
		return nil
	}
}
