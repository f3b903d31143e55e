package rest

import (
	"errors"
	"testing"
	"time"

	"github.com/posthaste/posthaste/services/internal/problem"
)

type example struct {
	Text  string            `json:"text"`
	Flag  bool              `json:"flag"`
	Count *int              `json:"count"`
	Rate  float64           `json:"rate"`
	At    *time.Time        `json:"at"`
	List  []string          `json:"list"`
	Map   map[string]string `json:"map"`
	Inner struct {
		Names []string `json:"names"`
	} `json:"inner"`
}

func TestDecodeNamesTheField(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]problem.Field{
		``:                               {Message: "the body must be a JSON object"},
		`7`:                              {Message: "the body must be a JSON object"},
		`{"text":1}`:                     {Field: "text", Message: "must be a string"},
		`{"flag":1}`:                     {Field: "flag", Message: "must be true or false"},
		`{"count":"1"}`:                  {Field: "count", Message: "must be a whole number"},
		`{"count":99999999999999999999}`: {Field: "count", Message: "must be a whole number"},
		`{"rate":"1"}`:                   {Field: "rate", Message: "must be a number"},
		`{"at":"now"}`:                   {Field: "at", Message: "must be a time in RFC 3339, such as 2026-01-15T10:30:00Z"},
		`{"at":1}`:                       {Field: "at", Message: "must be a time in RFC 3339, such as 2026-01-15T10:30:00Z"},
		`{"list":{}}`:                    {Field: "list", Message: "must be an array"},
		`{"map":[]}`:                     {Field: "map", Message: "must be an object"},
		`{"map":{"a":1}}`:                {Field: "map.a", Message: "must be a string"},
		`{"inner":1}`:                    {Field: "inner", Message: "must be an object"},
		`{"inner":{"names":["a",2]}}`:    {Field: "inner.names[1]", Message: "must be a string"},
		`{"inner":{"name":1}}`:           {Field: "inner.name", Message: "unknown field"},
		`{"inner":{},"inner":{}}`:        {Field: "inner", Message: "appears twice"},
		`{"text":"secret`:                {Message: "the body is not valid JSON at byte 15"},
	} {
		b := &Body[example]{raw: []byte(body)}
		_, err := b.Decode()
		var p *problem.Error
		if !errors.As(err, &p) {
			t.Errorf("%s: %v", body, err)
			continue
		}
		if got := p.Details["fields"].([]problem.Field)[0]; got != want {
			t.Errorf("%s: %+v, want %+v", body, got, want)
		}
	}
}
