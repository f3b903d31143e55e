package dialect

import (
	"strings"

	"github.com/posthaste/posthaste/pkg/webhook"
	"github.com/posthaste/posthaste/services/internal/dialect/template"
)

// signature makes the scheme of what the file says of the signature, and of
// where headers and body (found) carry the rest.
func (b *builder) signature(found template.Members) {
	sig := &b.spec.Signature
	s := &b.d.Scheme
	b.d.StandardHeaders = b.spec.StandardHeaders
	*s = webhook.Scheme{Name: b.entry.name, SignatureHeader: sig.Header, Prefix: sig.Prefix}
	s.Content = webhook.Content(b.oneOf("signature.content", sig.Content, "body", "timestamp.body", "id.timestamp.body"))
	s.Encoding = webhook.Encoding(b.oneOf("signature.encoding", sig.Encoding, "hex", "base64"))
	s.Key = webhook.KeyMode(b.oneOf("signature.key", sig.Key, "literal", "decoded"))
	s.Form = webhook.Form(b.oneOf("signature.form", sig.Form, "single", "list", "fields"))
	s.IDField, s.DeliveryIDField, s.TypeField, s.DataField = found[template.EventID], found[template.DeliveryID], found[template.EventType], found[template.EventData]
	for _, k := range []template.Kind{template.EventTime, template.EventTimeSeconds, template.EventTimeMillis, template.EventTimeUnix} {
		if s.TimestampField == "" {
			s.TimestampField = found[k]
		}
	}
	b.schemeHeaders(s)
	b.checkScheme(s)
}

// schemeHeaders notes which of the dialect's headers carry what.
func (b *builder) schemeHeaders(s *webhook.Scheme) {
	s.IDHeader = b.carrying(template.DeliveryID)
	if s.IDHeader == "" && s.Content != webhook.SignIDTimestampBody {
		s.IDHeader = b.carrying(template.AttemptID) // cannot be what is signed: that is the delivery's
	}
	s.TimestampHeader = b.carrying(template.AttemptTimeUnix)
	if s.Content == webhook.SignBody {
		s.TimestampHeader = b.carrying(template.EventTimeMillis, template.EventTimeSeconds, template.EventTime, template.EventTimeUnix)
	}
	s.TypeHeader = b.carrying(template.EventType)
	s.EventIDHeader = b.carrying(template.EventID)
	s.SubscriptionIDHeader = b.carrying(template.SubscriptionID)
	s.AttemptHeader = b.carrying(template.AttemptNumber)
	for i := range b.d.headers {
		if b.d.headers[i].value.NeverEmpty() {
			s.Required = append(s.Required, b.d.headers[i].name)
		}
	}
	b.lendStandard(s)
}

// lendStandard lets a signature over id or time find them in the standard
// headers where the dialect has none of its own.
func (b *builder) lendStandard(s *webhook.Scheme) {
	if !b.d.StandardHeaders {
		return
	}
	if s.IDHeader == "" && s.Content == webhook.SignIDTimestampBody {
		s.IDHeader = webhook.HeaderID
	}
	if s.TimestampHeader == "" && s.Content != webhook.SignBody && s.Form != webhook.FormFields {
		s.TimestampHeader = webhook.HeaderTimestamp
	}
}

// carrying returns the first header that is one of these placeholders alone.
func (b *builder) carrying(kinds ...template.Kind) string {
	for i := range b.d.headers {
		if b.d.headers[i].value.Only(kinds...) {
			return b.d.headers[i].name
		}
	}
	return ""
}

func (b *builder) checkScheme(s *webhook.Scheme) {
	switch {
	case isStandard(s.SignatureHeader):
		b.checkStandard(s)
		return
	case s.SignatureHeader == "":
		b.fault("signature.header", "is not set; name the header of the signature")
		return
	}
	if err := checkHeaderName(s.SignatureHeader); err != nil {
		b.fault("signature.header", "%s", err)
		return
	}
	for _, f := range b.d.headers {
		if strings.EqualFold(f.name, s.SignatureHeader) {
			b.fault("headers."+f.name, "is the header of the signature; take it away here")
			return
		}
	}
	b.checkParts(s)
}

// checkParts says in the file's words what webhook.Scheme's Validate refuses.
func (b *builder) checkParts(s *webhook.Scheme) {
	switch {
	case s.Prefix != "" && s.Form != webhook.FormSingle:
		b.fault("signature.prefix", "stands in form: single only; set it to ''")
	case s.Form == webhook.FormFields && s.Content == webhook.SignBody:
		b.fault("signature.content", "must be timestamp.body or id.timestamp.body in form: fields, which has the time")
	case s.Content == webhook.SignIDTimestampBody && s.IDHeader == "":
		b.fault("signature.content", "needs the id in a header: set standard_headers: true, or add a header that is ${delivery.id}")
	case s.Content != webhook.SignBody && s.Form != webhook.FormFields && s.TimestampHeader == "":
		b.fault("signature.content", "needs the time in a header: set standard_headers: true, or add a header that is ${attempt.time.unix}")
	default:
		if err := s.Validate(); err != nil {
			b.fault("signature", "%s", strings.TrimPrefix(err.Error(), webhook.ErrBadScheme.Error()+": "))
		}
	}
}

// checkStandard holds webhook-signature to Standard Webhooks, and spells it as
// that does.
func (b *builder) checkStandard(s *webhook.Scheme) {
	standard := webhook.Standard()
	same := s.Content == standard.Content && s.Encoding == standard.Encoding && s.Key == standard.Key && s.Form == standard.Form
	if !same || s.Prefix != "" {
		b.fault("signature", "webhook-signature is Standard Webhooks': set content: id.timestamp.body, encoding: base64, key: decoded, form: list and no prefix")
	}
	if !b.d.StandardHeaders {
		b.fault("standard_headers", "must be true where the signature is webhook-signature")
	}
	s.SignatureHeader, s.IDHeader, s.TimestampHeader = standard.SignatureHeader, standard.IDHeader, standard.TimestampHeader
}
