package jsonfault_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/posthaste/posthaste/services/internal/jsonfault"
)

func TestSyntax(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"a":`:  "it ends too early",
		``:       "it ends too early",
		`{"a":}`: "at byte 5",
		`[1,]`:   "at byte 3",
	} {
		_, err := jsontext.NewDecoder(strings.NewReader(text)).ReadValue()
		if got := jsonfault.Syntax(err); !strings.HasSuffix(got, want) || strings.Contains(got, "jsontext") {
			t.Errorf("%s: %q, want …%s", text, got, want)
		}
	}
	if got := jsonfault.Syntax(errors.New("other")); got != "other" {
		t.Errorf("%q", got)
	}
}
