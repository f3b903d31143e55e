package tracing

import (
	"testing"

	"go.opentelemetry.io/otel/trace"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for parent, want := range map[string]string{
		sampled:   sampled,
		unsampled: unsampled,
		"01-" + parentTrace + "-" + parentSpan + "-01-more":         sampled,
		"00-" + parentTrace + "-" + parentSpan + "-ff":              "00-" + parentTrace + "-" + parentSpan + "-03",
		"00-" + parentTrace + "-" + parentSpan + "-01-more":         "",
		"01-" + parentTrace + "-" + parentSpan + "-01more":          "",
		"ff-" + parentTrace + "-" + parentSpan + "-01":              "",
		"0x-" + parentTrace + "-" + parentSpan + "-01":              "",
		"00-" + parentTrace + "-" + parentSpan + "-0x":              "",
		"00_" + parentTrace + "-" + parentSpan + "-01":              "",
		"00-00000000000000000000000000000000-" + parentSpan + "-01": "",
		"00-" + parentTrace + "-0000000000000000-01":                "",
		"00-0AF7651916CD43DD8448EB211C80319C-" + parentSpan + "-01": "",
		sampled[:54]: "",
		"":           "",
	} {
		got := parse(parent, "")
		if !got.IsValid() {
			if want != "" {
				t.Errorf("%s is none", parent)
			}
			continue
		}
		if format(got) != want {
			t.Errorf("%s is %s, want %q", parent, format(got), want)
		}
	}
}

func TestParseState(t *testing.T) {
	t.Parallel()
	if got := parse(sampled, "a=b,c=d").TraceState().String(); got != "a=b,c=d" {
		t.Errorf("state %q", got)
	}
	if got := parse(sampled, "a=\x01"); !got.IsValid() || got.TraceState().String() != "" {
		t.Error("a state that is none must be as if it were not there")
	}
}

func FuzzParse(f *testing.F) {
	f.Add(sampled, "a=b")
	f.Add("01-"+parentTrace+"-"+parentSpan+"-01-more", "")
	f.Fuzz(func(t *testing.T, parent, state string) {
		sc := parse(parent, state)
		if !sc.IsValid() {
			return
		}
		again := parse(format(sc), sc.TraceState().String())
		if !again.Equal(sc) || again.TraceFlags()&^(trace.FlagsSampled|2) != 0 {
			t.Errorf("%q, %q: %v, and again %v", parent, state, sc, again)
		}
	})
}
