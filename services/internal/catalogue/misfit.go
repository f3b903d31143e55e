package catalogue

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// misfit is one place of a value that does not fit its schema.
type misfit struct{ path, problem string }

// hold decodes text and holds it against the form. The error is a *Fault whose
// Field is root or below it, the first of the misfits in the order of paths.
func (f *form) hold(root string, text []byte) error {
	doc, err := decode(root, text)
	if err != nil {
		return err
	}
	why, done := f.validate(doc, len(text))
	switch {
	case !done:
		return &Fault{Field: root, Problem: fmt.Sprintf("takes more than %d steps to hold against the schema of its type; the schema branches too much for it", allowed(len(text)))}
	case why != nil:
		return firstOf(root, doc, why)
	}
	return nil
}

// firstOf is the first misfit, with how many there are. The validator reports
// them in no order.
func firstOf(root string, doc any, why *jsonschema.ValidationError) *Fault {
	all := misfits(root, doc, why)
	first := slices.MinFunc(all, func(a, b misfit) int {
		return cmp.Or(cmp.Compare(a.path, b.path), cmp.Compare(a.problem, b.problem))
	})
	if len(all) > 1 {
		first.problem += fmt.Sprintf(" (the first of %d faults)", len(all))
	}
	return &Fault{Field: first.path, Problem: first.problem}
}

// misfits are the leaves of the validator's tree. Of several forms that a value
// may have none is more wrong than the others, so those are one misfit.
func misfits(root string, doc any, why *jsonschema.ValidationError) []misfit {
	whole := len(why.Causes) == 0
	switch why.ErrorKind.(type) {
	case *kind.AnyOf, *kind.OneOf, *kind.Contains, *kind.MinContains:
		whole = len(why.Causes) != 1
	case *kind.PropertyNames:
		whole = true // its causes speak of the name alone
	}
	if whole {
		return leaf(root, doc, why)
	}
	var all []misfit
	for _, cause := range why.Causes {
		all = append(all, misfits(root, doc, cause)...)
	}
	return all
}

// leaf tells of a property that is missing or not allowed at its own path.
func leaf(root string, doc any, why *jsonschema.ValidationError) []misfit {
	at := func(names []string, problem string) []misfit {
		all := make([]misfit, len(names))
		for i, name := range names {
			all[i] = misfit{pathOf(root, doc, append(slices.Clone(why.InstanceLocation), name)), problem}
		}
		return all
	}
	switch k := why.ErrorKind.(type) {
	case *kind.Required:
		return at(k.Missing, "is required")
	case *kind.DependentRequired:
		return at(k.Missing, fmt.Sprintf("is required beside %.64q", k.Prop))
	case *kind.AdditionalProperties:
		return at(k.Properties, "unknown field; the schema allows no others")
	default:
		return []misfit{{pathOf(root, doc, why.InstanceLocation), problemOf(k)}}
	}
}
