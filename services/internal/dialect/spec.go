package dialect

import "github.com/goccy/go-yaml"

// document is a file of dialects.
type document struct {
	Dialects []*entry `yaml:"dialects"`
}

// spec is a dialect as a file says it. Decoding another entry into a spec
// leaves what that does not mention: that is how one dialect extends another.
type spec struct {
	Name            string        `yaml:"name"`
	Extends         string        `yaml:"extends"`
	Description     string        `yaml:"description"`
	Body            string        `yaml:"body"`
	ContentType     string        `yaml:"content_type"`
	Headers         yaml.MapSlice `yaml:"headers"`
	StandardHeaders bool          `yaml:"standard_headers"`
	Signature       signatureSpec `yaml:"signature"`
	Secret          secretSpec    `yaml:"secret"`
	Retry           retrySpec     `yaml:"retry"`
	DisableAfter    count         `yaml:"disable_after"`
	Timeout         string        `yaml:"timeout"`
	Duplicates      string        `yaml:"duplicates"`
	Types           string        `yaml:"types"`
	HTTPS           string        `yaml:"https"`
	Ping            pingSpec      `yaml:"ping"`
	EventTypes      []typeSpec    `yaml:"event_types"`
}

type signatureSpec struct {
	Header   string `yaml:"header"`
	Content  string `yaml:"content"`
	Encoding string `yaml:"encoding"`
	Key      string `yaml:"key"`
	Form     string `yaml:"form"`
	Prefix   string `yaml:"prefix"`
}

type secretSpec struct {
	From       string   `yaml:"from"`
	Form       string   `yaml:"form"`
	MinLength  count    `yaml:"min_length"`
	MaxLength  count    `yaml:"max_length"`
	Algorithms []string `yaml:"algorithms"`
}

type retrySpec struct {
	Delays []string `yaml:"delays"`
	On     string   `yaml:"on"`
	Gone   string   `yaml:"gone"`
}

type pingSpec struct {
	Type     string `yaml:"type"`
	Data     string `yaml:"data"`
	IDPrefix string `yaml:"id_prefix"`
}

type typeSpec struct {
	Name        string `yaml:"name"`
	Description string `yaml:"description"`
	Example     string `yaml:"example"`
	Deprecated  bool   `yaml:"deprecated"`
	Sunset      string `yaml:"sunset"`
}

// defaults is what a dialect has that extends none and does not say more.
func defaults() spec {
	return spec{
		ContentType:     "application/json",
		StandardHeaders: true,
		Signature:       signatureSpec{Content: "body", Encoding: "hex", Key: "literal", Form: "single"},
		Secret:          secretSpec{From: string(FromEither), Form: string(AnyForm), MinLength: 1, MaxLength: maxSecret, Algorithms: []string{string(HMACSHA256)}},
		Retry:           retrySpec{Delays: []string{"10s", "60s", "300s"}, On: string(RetryAnyFailure), Gone: string(GoneDisable)},
		DisableAfter:    10,
		Timeout:         "10s",
		Duplicates:      string(DuplicatesInsert),
		Types:           typesChosen,
		HTTPS:           string(HTTPSUnlessAllowed),
		Ping:            pingSpec{Type: "ping", Data: `{"message":"Webhook test from Posthaste"}`, IDPrefix: "ping_"},
	}
}

// over returns s with the headers and event types of base that s does not
// name. They go by name, as one may want to add to a long list.
func (s spec) over(base spec) spec {
	s.Headers = mergeHeaders(base.Headers, s.Headers)
	types := append([]typeSpec(nil), base.EventTypes...)
	for _, own := range s.EventTypes {
		if at := indexType(types, own.Name); at >= 0 && at < len(base.EventTypes) {
			types[at] = own
		} else {
			types = append(types, own)
		}
	}
	s.EventTypes = types
	return s
}

func indexType(types []typeSpec, name string) int {
	for i := range types {
		if types[i].Name == name {
			return i
		}
	}
	return -1
}
