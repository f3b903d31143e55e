package dialect

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

func (b *builder) headers() {
	if len(b.spec.Headers) > maxHeaders {
		b.fault("headers", "must have at most %d entries, has %d", maxHeaders, len(b.spec.Headers))
		return
	}
	for _, item := range b.spec.Headers {
		name := headerName(item)
		text, ok := item.Value.(string)
		if !ok {
			b.fault("headers."+name, "must be text; put it into quotes")
			continue
		}
		f, err := newField(name, text)
		switch {
		case err != nil:
			b.fault("headers."+name, "%s", err)
		case b.d.hasHeader(name):
			b.fault("headers."+name, "stands twice: names are compared without case; keep one of them")
		default:
			b.d.headers = append(b.d.headers, f)
		}
	}
}

func headerName(item yaml.MapItem) string { return fmt.Sprint(item.Key) }

// mergeHeaders has those of base, replaced in their places by those of own
// with the same name, and then the rest of own. A null takes one away.
func mergeHeaders(base, own yaml.MapSlice) yaml.MapSlice {
	merged := slices.Clone(base)
	for _, item := range own {
		at := slices.IndexFunc(merged, func(m yaml.MapItem) bool { return strings.EqualFold(headerName(m), headerName(item)) })
		switch {
		case at < 0 || at >= len(base):
			merged = append(merged, item)
		default:
			merged[at] = item
		}
	}
	return slices.DeleteFunc(merged, func(m yaml.MapItem) bool { return m.Value == nil })
}
