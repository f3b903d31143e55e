package catalogue

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// problemOf says what is wrong with a value, and never quotes it: the schema's
// words are enough, and data may hold secrets.
func problemOf(k jsonschema.ErrorKind) string {
	switch k := k.(type) {
	case *kind.Type:
		return fmt.Sprintf("must be %s, is %s", wanted(k.Want), article(k.Got))
	case *kind.Format:
		return formatProblem(k)
	case *kind.PropertyNames:
		return fmt.Sprintf("may not have a field named %.64q", k.Property)
	case *kind.Pattern:
		return fmt.Sprintf("does not match the pattern %.100q", k.Want)
	case *kind.MinLength:
		return fmt.Sprintf("must have at least %d characters, has %d", k.Want, k.Got)
	case *kind.MaxLength:
		return fmt.Sprintf("must have at most %d characters, has %d", k.Want, k.Got)
	case *kind.MinItems:
		return fmt.Sprintf("must have at least %d items, has %d", k.Want, k.Got)
	case *kind.MaxItems:
		return fmt.Sprintf("must have at most %d items, has %d", k.Want, k.Got)
	case *kind.MinProperties:
		return fmt.Sprintf("must have at least %d fields, has %d", k.Want, k.Got)
	case *kind.MaxProperties:
		return fmt.Sprintf("must have at most %d fields, has %d", k.Want, k.Got)
	case *kind.Minimum:
		return "must be at least " + decimal(k.Want)
	case *kind.Maximum:
		return "must be at most " + decimal(k.Want)
	case *kind.ExclusiveMinimum:
		return "must be more than " + decimal(k.Want)
	case *kind.ExclusiveMaximum:
		return "must be less than " + decimal(k.Want)
	case *kind.MultipleOf:
		return "must be a multiple of " + decimal(k.Want)
	case *kind.UniqueItems:
		return fmt.Sprintf("must not repeat an item, but [%d] and [%d] are equal", k.Duplicates[0], k.Duplicates[1])
	case *kind.FalseSchema:
		return "is not allowed by the schema"
	case *kind.AnyOf, *kind.OneOf:
		return fmt.Sprintf("fits none, or more than one, of the forms that the schema gives (%s)", k.KeywordPath()[0])
	default:
		return fmt.Sprintf("does not fit the schema (%.100s)", strings.Join(k.KeywordPath(), "."))
	}
}

// formatProblem tells a format from what counting does in its name.
func formatProblem(k *kind.Format) string {
	var other *notChosen
	switch {
	case errors.As(k.Err, &other):
		return other.Error()
	case errors.Is(k.Err, errProgram):
		return fmt.Sprintf("is too large a regular expression: at most %d instructions of RE2", maxProgram)
	case k.Want == "regex":
		return "is not a regular expression (RE2 syntax)"
	default:
		return "is not of the format " + k.Want
	}
}

func wanted(types []string) string {
	all := make([]string, len(types))
	for i, name := range types {
		all[i] = article(name)
	}
	return strings.Join(all, " or ")
}

func article(jsonType string) string {
	switch jsonType {
	case "null":
		return jsonType
	case "array", "integer", "object":
		return "an " + jsonType
	default:
		return "a " + jsonType
	}
}

// maxChoices bounds how much of a schema is sent back.
const maxChoices = 10

// choices lists what the schema allows.
func choices(values []any) string {
	all := make([]string, 0, maxChoices)
	for _, v := range values {
		if len(all) == maxChoices {
			return fmt.Sprintf("%s or one of %d more", strings.Join(all, " or "), len(values)-maxChoices)
		}
		text, err := json.Marshal(v)
		if err != nil {
			text = []byte("what the schema says") // not reached: it was JSON
		}
		all = append(all, fmt.Sprintf("%.64s", text))
	}
	return strings.Join(all, " or ")
}

// decimal writes a limit as people do.
func decimal(r *big.Rat) string {
	if r.IsInt() {
		return fmt.Sprintf("%.40s", r.RatString())
	}
	return strings.TrimRight(r.FloatString(12), "0")
}
