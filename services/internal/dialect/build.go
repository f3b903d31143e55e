package dialect

import (
	"mime"
	"slices"
	"strings"

	"github.com/posthaste/posthaste/services/internal/dialect/template"
	"github.com/posthaste/posthaste/services/internal/version"
)

const maxBody = 16 << 10 // bytes of the template

// builder makes a dialect of an entry and collects what is wrong with it.
type builder struct {
	entry  *entry
	spec   *spec
	d      *Dialect
	faults []error
}

// build checks an entry whole. The dialect is of use only without faults.
func build(e *entry) (*Dialect, []error) {
	b := &builder{entry: e, spec: &e.spec, d: &Dialect{Name: e.name, Description: e.spec.Description}}
	b.contentType()
	b.headers()
	b.signature(b.body())
	b.secret()
	b.failures()
	b.subscriptions()
	b.ping()
	b.eventTypes()
	b.d.names = b.d.headerNames()
	b.d.content, b.d.agent = []string{b.d.ContentType}, []string{version.UserAgent()}
	return b.d, b.faults
}

func (b *builder) fault(field, format string, args ...any) {
	b.faults = append(b.faults, b.entry.fault(field, format, args...))
}

// oneOf returns the place of a word among those that are allowed.
func (b *builder) oneOf(field, word string, allowed ...string) int {
	at := slices.Index(allowed, word)
	if at < 0 {
		b.fault(field, "must be one of %s, is %.64q", strings.Join(allowed, ", "), word)
		return 0
	}
	return at
}

func (b *builder) contentType() {
	b.d.ContentType = b.spec.ContentType
	visible := !strings.ContainsFunc(b.spec.ContentType, func(r rune) bool { return r < ' ' || r > '~' })
	if _, _, err := mime.ParseMediaType(b.spec.ContentType); err != nil || !visible {
		b.fault("content_type", "must be a media type such as application/json, is %.64q", b.spec.ContentType)
	}
}

// body returns what the members of its top level hold.
func (b *builder) body() template.Members {
	text := b.spec.Body
	if text == "" || len(text) > maxBody {
		b.fault("body", `must have 1 to %d bytes, has %d; write a template such as '{"type":${event.type},"data":${event.data}}'`, maxBody, len(text))
		return nil
	}
	t, err := template.Compile(text)
	if err != nil {
		b.fault("body", "%s", err)
		return nil
	}
	b.d.body = t
	if placeholder := t.OfAttempt(); placeholder != "" {
		b.fault("body", "has %s, but must be the same on every attempt; put it into a header", placeholder)
		return nil
	}
	if !isJSON(b.spec.ContentType) {
		return nil
	}
	found, err := t.CheckJSON()
	if err != nil {
		b.fault("body", "%s", err)
	}
	return found
}

// isJSON says whether a body of this type must be JSON.
func isJSON(contentType string) bool {
	media, _, err := mime.ParseMediaType(contentType)
	return err == nil && (media == "application/json" || media == "text/json" || strings.HasSuffix(media, "+json"))
}
