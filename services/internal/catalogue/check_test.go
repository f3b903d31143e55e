package catalogue

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/event"
)

const orderSchema = `{
	"type": "object",
	"required": ["amount", "currency"],
	"properties": {
		"amount": {"type": "number", "minimum": 0.5, "multipleOf": 0.5},
		"currency": {"enum": ["EUR", "USD"]},
		"items": {"type": "array", "maxItems": 2, "items": {"$ref": "#/$defs/item"}},
		"note": {"type": ["string", "null"], "maxLength": 3, "pattern": "^a"},
		"who": {"anyOf": [{"type": "string"}, {"type": "object", "required": ["id"]}]}
	},
	"additionalProperties": false,
	"$defs": {"item": {"type": "object", "properties": {"a.b": {"type": "integer"}}, "dependentRequired": {"x": ["y"]}}}
}`

func TestEnforcement(t *testing.T) {
	t.Parallel()
	perTenant := enforced(map[string]posthastev1.EventTypeEnforcement{"off": off, "schema": schema, "known": known})
	w := newWorld(t, defaults(), perTenant, nil)
	w.put(&posthastev1.EventType{Name: "order", Schema: []byte(orderSchema)})
	strict := defaults()
	strict.Enforcement = "known"
	server := w.another(strict, perTenant, nil)
	const notKnown = "type: is not in the catalogue of tenant "
	for _, c := range []struct {
		l                  *Live
		tenant, name, data string
		want               string
	}{
		{w.Live, "off", "order", `7`, ""},
		{w.Live, "off", "other", `7`, ""},
		{w.Live, "unset", "order", `7`, ""},
		{w.Live, "schema", "order", `7`, "data: must be an object, is a number"},
		{w.Live, "schema", "other", `7`, ""},
		{w.Live, "known", "order", `7`, "data: must be an object, is a number"},
		{w.Live, "known", "other", `7`, notKnown + "known, and the tenant's enforcement is known; add the type first"},
		{w.Live, "known", "order", `{"amount":1,"currency":"EUR"}`, ""},
		{server, "off", "other", `7`, ""},
		{server, "unset", "other", `7`, notKnown + "unset, and POSTHASTE_EVENT_TYPE_ENFORCEMENT is known; add the type first"},
		{server, "unset", "order", `7`, "data: must be an object, is a number"},
	} {
		warnings, err := c.l.Check(c.tenant, &posthastev1.Event{Type: c.name, Data: []byte(c.data)}, day(1))
		var field *event.FieldError
		switch {
		case c.want == "" && err == nil:
		case errors.As(err, &field) && field.Index == -1 && err.Error() == c.want:
		default:
			t.Errorf("%s %s: %v, want %q", c.tenant, c.name, err, c.want)
		}
		if len(warnings) > 0 {
			t.Errorf("%s %s: warnings %v", c.tenant, c.name, warnings)
		}
	}
}

func TestMisfits(t *testing.T) {
	t.Parallel()
	e, err := NewEntry(&posthastev1.EventType{Schema: []byte(orderSchema)}, OfTenant)
	if err != nil {
		t.Fatal(err)
	}
	const good = `"amount":1,"currency":"EUR"`
	for data, want := range map[string]string{
		`{` + good + `,"note":null,"items":[{"a.b":1e2}],"who":"x"}`: "",
		`{"amount":"1","currency":"EUR"}`:                            "data.amount: must be a number, is a string",
		`{"amount":1}`:                                               "data.currency: is required",
		`{}`:                                                         "data.amount: is required (the first of 2 faults)",
		`{"amount":0,"currency":"GBP"}`:                              `data.amount: must be at least 0.5 (the first of 2 faults)`,
		`{"amount":0.7,"currency":"EUR"}`:                            `data.amount: must be a multiple of 0.5`,
		`{"amount":1,"currency":"GBP"}`:                              `data.currency: must be "EUR" or "USD"`,
		`{` + good + `,"extra":1}`:                                   "data.extra: unknown field; the schema allows no others",
		`{` + good + `,"note":"abcd"}`:                               "data.note: must have at most 3 characters, has 4",
		`{` + good + `,"note":"bc"}`:                                 `data.note: does not match the pattern "^a"`,
		`{` + good + `,"note":true}`:                                 "data.note: must be null or a string, is a boolean",
		`{` + good + `,"items":[{},{"a.b":1.5}]}`:                    `data.items[1]["a.b"]: must be an integer, is a number`,
		`{` + good + `,"items":[{"x":1}]}`:                           `data.items[0].y: is required beside "x"`,
		`{` + good + `,"items":[{},{},{}]}`:                          "data.items: must have at most 2 items, has 3",
		`{` + good + `,"who":7}`:                                     "data.who: fits none, or more than one, of the forms that the schema gives (anyOf)",
		`{` + good + `,"amount":1e99999999}`:                         "data.amount: is a number of more than 1000 digits, or beyond 1e400 or 1e-400",
		`{` + good + `,"items":[{},{"n":[1E-401]}]}`:                 "data.items[1].n[0]: is a number of more than 1000 digits, or beyond 1e400 or 1e-400",
		`[`: "data: is not one JSON value",
	} {
		got := ""
		if err := e.form.hold("data", []byte(data)); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s\nsays %s\nwant %s", data, got, want)
		}
	}
}

// Values are equal by what they are, not by how they are written.
func TestChoices(t *testing.T) {
	t.Parallel()
	e, err := NewEntry(&posthastev1.EventType{Schema: []byte(`{"items":{"enum":[1,"1",null,true,{"a":[1,2.50],"b":{}},[],"",0.1]}}`)}, OfTenant)
	if err != nil {
		t.Fatal(err)
	}
	for data, want := range map[string]bool{
		`[1,1.0,10e-1,"1",null,true,{"b":{},"a":[1e0,2.5]},[],"",1e-1]`: true,
		`[-1]`: false, `["1.0"]`: false, `[false]`: false, `[{}]`: false, `["null"]`: false, `["n"]`: false, `[{"a":[1],"b":{}}]`: false,
		`[[[]]]`: false, `[{"a":[1,2.5]}]`: false, `["true"]`: false, `[{"a":[12.5],"b":{}}]`: false, `["[]"]`: false,
	} {
		if err := e.form.hold("data", []byte(data)); (err == nil) != want {
			t.Errorf("%s: %v", data, err)
		}
	}
	var many []string
	for i := range 3000 {
		many = append(many, strconv.Itoa(i))
	}
	list := "[" + strings.Join(many, ",") + "]"
	if e, err = NewEntry(&posthastev1.EventType{Schema: []byte(`{"items":{"enum":` + list + `}}`)}, OfTenant); err != nil {
		t.Fatal(err)
	}
	if err := e.form.hold("data", []byte(list)); err != nil {
		t.Errorf("3000 of 3000: %v", err)
	}
	const text = "data[0]: must be 0 or 1 or 2 or 3 or 4 or 5 or 6 or 7 or 8 or 9 or one of 2990 more"
	if err := e.form.hold("data", []byte(`[-1]`)); err == nil || err.Error() != text {
		t.Errorf("error %v, want %s", err, text)
	}
}

// A misfit does not quote data, which may hold secrets, and stays short.
func TestMisfitsAreDiscreet(t *testing.T) {
	t.Parallel()
	const secret = "s3cr3t-value"
	long := strings.Repeat("n", 5000)
	for schema, data := range map[string]string{
		`{"pattern":"^a$"}`: `"` + secret + `"`,
		`{"const":"b"}`:     `"` + secret + `"`,
		`{"enum":["b"]}`:    `"` + secret + `"`,
		`{"$schema":"http://json-schema.org/draft-07/schema#","format":"email"}`: `"` + secret + `"`,
		`{"maxProperties":0}`:               `{"a":"` + secret + `"}`,
		`{"uniqueItems":true}`:              `["` + secret + `","` + secret + `"]`,
		`{"propertyNames":{"maxLength":2}}`: `{"abc":"` + secret + `"}`,
		`{"additionalProperties":false}`:    `{"` + long + `":"` + secret + `"}`,
		`{"not":{}}`:                        `"` + secret + `"`,
	} {
		e, err := NewEntry(&posthastev1.EventType{Schema: []byte(schema)}, OfTenant)
		if err != nil {
			t.Fatal(err)
		}
		err = e.form.hold("data", []byte(data))
		if err == nil || strings.Contains(err.Error(), secret) || len(err.Error()) > 400 {
			t.Errorf("%s: %v", schema, err)
		}
	}
}

func TestBadSchemas(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`7`: "schema: must be a boolean or an object, is a number",
		`{"properties":{"a":{"type":["string"],"minLength":-1}}}`: "schema.properties.a.minLength: must be at least 0",
		`{"properties":{"a":{"pattern":"("}}}`:                    "schema.properties.a.pattern: is not a regular expression (RE2 syntax)",
		`{"patternProperties":{"(":{}}}`:                          `schema.patternProperties: may not have a field named "("`,
		`{"properties":{"a":{"pattern":"(ab){300}"}}}`:            "schema.properties.a.pattern: is too large a regular expression: at most 500 instructions of RE2",
		`{"allOf":[` + strings.Repeat("true,", 2000) + `true]}`:   "schema: has 2002 parts, at most 2000 objects and booleans are allowed",
		`{"$ref":"http://127.0.0.1:1/x.json"}`:                    `schema: refers to "http://127.0.0.1:1/x.json" outside itself; put what it needs under $defs`,
		`{"$ref":"file:///etc/passwd"}`:                           `schema: refers to "file:///etc/passwd" outside itself; put what it needs under $defs`,
		`{"$id":"https://example.com/a","$ref":"b.json"}`:         `schema: refers to "https://example.com/b.json" outside itself; put what it needs under $defs`,
		`{"$schema":"https://example.com/meta"}`:                  `schema: refers to "https://example.com/meta" outside itself; put what it needs under $defs`,
		`{"$ref":"#/$defs/none"}`:                                 `schema: is not a JSON Schema: json-pointer in "#/$defs/none" not found`,
		`{"$dynamicAnchor":"n","items":{"$dynamicRef":"#n"}}`:     "schema: uses $dynamicRef or $recursiveRef, which are not supported; use $ref",
		`{"$ref":"https://json-schema.org/draft/2020-12/schema"}`: "schema: uses $dynamicRef or $recursiveRef, which are not supported; use $ref",
		`{"items":{"multipleOf":1e999}}`:                          "schema.items.multipleOf: is a number of more than 1000 digits, or beyond 1e400 or 1e-400",
	} {
		_, err := NewEntry(&posthastev1.EventType{Schema: []byte(text)}, OfTenant)
		var fault *Fault
		if !errors.As(err, &fault) || err.Error() != want {
			t.Errorf("%s\nsays %v\nwant %s", text, err, want)
		}
	}
	for _, text := range []string{`true`, `{}`, ` `, `{"$ref":"#/$defs/a","$defs":{"a":{"items":{"$ref":"#"}}}}`, `{"$schema":"http://json-schema.org/draft-07/schema#","dependencies":{"a":["b"],"c":{"type":"object"}},"items":[{},{"type":"null"}]}`} {
		if _, err := NewEntry(&posthastev1.EventType{Schema: []byte(text)}, OfTenant); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// Schemas that would take 2^depth steps, by each way of going on: a check ends
// all the same, and the next one begins afresh.
func TestExplodingSchemas(t *testing.T) {
	t.Parallel()
	twice := func(keyword string) string {
		return `{"properties":{"a":{"` + keyword + `":[{"$ref":"#"},{"$ref":"#"}]}},"required":["b"]}`
	}
	data := strings.Repeat(`{"a":`, 200) + `1` + strings.Repeat(`}`, 200)
	for name, text := range map[string]string{
		"allOf":             strings.Replace(twice("allOf"), `,"required":["b"]`, "", 1),
		"anyOf":             twice("anyOf"),
		"oneOf":             twice("oneOf"),
		"not":               `{"not":` + twice("anyOf") + `,"properties":{"a":{"allOf":[{"$ref":"#"},{"$ref":"#"}]}}}`,
		"if":                `{"if":{"properties":{"a":{"$ref":"#"}}},"then":{"properties":{"a":{"$ref":"#"}}}}`,
		"patternProperties": `{"patternProperties":{"a":{"$ref":"#"},"^a":{"$ref":"#"}}}`,
		"dependentSchemas":  `{"dependentSchemas":{"a":{"properties":{"a":{"$ref":"#"}}}},"properties":{"a":{"$ref":"#"}}}`,
		"many":              `{"allOf":[` + strings.Repeat(`{"uniqueItems":true,"properties":{}},`, 400) + `{}],"properties":{"a":{"$ref":"#"}}}`,
		"const":             `{"properties":{"a":{"allOf":[{"not":{"const":` + data + `}},{"$ref":"#"},{"$ref":"#"}]}}}`,
		"draft 7":           `{"$schema":"http://json-schema.org/draft-07/schema#","dependencies":{"a":{"additionalProperties":{"$ref":"#"}}},"properties":{"a":{"$ref":"#"}}}`,
	} {
		e, err := NewEntry(&posthastev1.EventType{Schema: []byte(text)}, OfTenant)
		if err != nil {
			t.Fatal(name, err)
		}
		err = e.form.hold("data", []byte(data))
		if err == nil || !strings.HasPrefix(err.Error(), "data: takes more than ") {
			t.Errorf("%s: %v", name, err)
		}
		if err := e.form.hold("data", []byte(`[]`)); err != nil && strings.Contains(err.Error(), "steps") {
			t.Errorf("%s, afterwards: %v", name, err)
		}
	}
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	sunset := time.Date(2026, 6, 30, 0, 0, 0, 0, time.UTC)
	before, after := sunset.Add(-1), sunset
	for _, c := range []struct {
		pb   *posthastev1.EventType
		now  time.Time
		want []Warning
	}{
		{&posthastev1.EventType{Name: "a"}, after, nil},
		{&posthastev1.EventType{Name: "a", Sunset: stamp(sunset)}, before, nil},
		{&posthastev1.EventType{Name: "a", Sunset: stamp(sunset)}, after, []Warning{{Type: "a", Message: "type a is past its sunset of 2026-06-30; stop publishing it", Sunset: sunset}}},
		{&posthastev1.EventType{Name: "a", Deprecated: true}, before, []Warning{{Type: "a", Message: "type a is deprecated"}}},
		{
			&posthastev1.EventType{Name: "a", Deprecated: true, Sunset: stamp(sunset), UpdatedAt: stamp(day(1))}, before,
			[]Warning{{Type: "a", Message: "type a is deprecated; its sunset is on 2026-06-30", Deprecated: day(1), Sunset: sunset}},
		},
		{
			&posthastev1.EventType{Name: "a", Deprecated: true, Sunset: stamp(sunset)}, after,
			[]Warning{{Type: "a", Message: "type a is past its sunset of 2026-06-30; stop publishing it", Sunset: sunset}},
		},
	} {
		l := &Live{index: newIndex(), tenants: tenants{}, builtin: func(string) []Entry { return []Entry{{EventType: c.pb}} }}
		got, err := l.Check("acme", &posthastev1.Event{Type: "a"}, c.now)
		if diff := cmp.Diff(c.want, got); diff != "" || err != nil {
			t.Errorf("%v at %s: %v %s", c.pb, c.now, err, diff)
		}
	}
}
