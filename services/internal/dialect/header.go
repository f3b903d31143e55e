package dialect

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/posthaste/posthaste/pkg/webhook"
	"github.com/posthaste/posthaste/services/internal/dialect/template"
)

// Header is the whole header of one attempt: content type, user agent, the
// standard headers, the dialect's own, and the signatures. Names are spelt as
// the dialect spells them, so read it as a map. A header without a value is
// left out. The signatures cover the attempt's time in whole seconds, where
// they cover a time.
func (d *Dialect) Header(in *Delivery, now time.Time, body []byte, s *Signer) http.Header {
	// All values are written into one text first, which costs one allocation.
	var room [512]byte
	var stops [maxHeaders + 3]int
	text, n := room[:0], 0
	stop := func() { stops[n] = len(text); n++ }
	if d.StandardHeaders {
		text = strconv.AppendInt(text, now.Unix(), 10)
		stop()
		text = appendSignature(text, s.standard, in, now, body)
		stop()
	}
	for i := range d.headers {
		text = d.headers[i].value.AppendHeader(text, in, now)
		stop()
	}
	if !d.standard() {
		text = appendSignature(text, s.own, in, now, body)
		stop()
	}
	return d.header(in.ID, string(text), stops[:n])
}

// header cuts the text into the values of d.names.
func (d *Dialect) header(id, text string, stops []int) http.Header {
	h := make(http.Header, len(stops)+5) // the three here, and a trace
	h["Content-Type"] = d.content
	h["User-Agent"] = d.agent
	values, start := make([]string, len(stops)+1), 0
	if d.StandardHeaders {
		values[len(stops)] = id
		h[webhook.HeaderID] = values[len(stops):]
	}
	for i, stop := range stops {
		if values[i] = text[start:stop]; values[i] != "" {
			h[d.names[i]] = values[i : i+1 : i+1]
		}
		start = stop
	}
	return h
}

// headerNames are the names of the values that Header writes, in its order;
// the delivery's id is as it is and not written.
func (d *Dialect) headerNames() []string {
	var names []string
	if d.StandardHeaders {
		names = append(names, webhook.HeaderTimestamp, webhook.HeaderSignature)
	}
	for i := range d.headers {
		names = append(names, d.headers[i].name)
	}
	if !d.standard() {
		names = append(names, d.Scheme.SignatureHeader)
	}
	return names
}

// HeadersUseData says whether a header shows a part of the event's data. A body
// that was built stands in for the data where none does.
func (d *Dialect) HeadersUseData() bool {
	return slices.ContainsFunc(d.headers, func(f field) bool { return f.value.Has(template.EventData, template.EventMember) })
}
