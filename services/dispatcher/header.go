package dispatcher

import (
	"net/http"
	"slices"

	"github.com/posthaste/posthaste/pkg/webhook"
	"github.com/posthaste/posthaste/services/internal/dialect"
	"github.com/posthaste/posthaste/services/internal/subscription"
)

const contentType = "Content-Type"

// hidden stands for credentials: the values of a subscription's own headers,
// and signatures, with which a delivery could be sent again by others.
const hidden = "[secret]"

// ownHeader is what the subscription itself asks for, for all of its POSTs to
// share. A header that its dialect has come to write is the dialect's.
func ownHeader(d *dialect.Dialect, sub *subscription.Subscription, opened subscription.Secrets) http.Header {
	h := make(http.Header, len(opened.GetHeaders())+1)
	for name, value := range opened.GetHeaders() {
		if !d.OwnHeader(name) {
			h[http.CanonicalHeaderKey(name)] = []string{value}
		}
	}
	if own := sub.GetContentType(); own != "" {
		h[contentType] = []string{own}
	}
	return h
}

// hiddenNames are the headers whose values no record shows.
func hiddenNames(d *dialect.Dialect, own http.Header) []string {
	names := []string{webhook.HeaderSignature, d.Scheme.SignatureHeader}
	for name := range own {
		if name != contentType {
			names = append(names, name)
		}
	}
	return names
}

// recorded is the header as the record shows it: a line for each value, sorted.
func (t *target) recorded(h http.Header) []byte {
	var room [32]string // which keeps them off the heap
	names, size := room[:0], 0
	for name, values := range h {
		names = append(names, name)
		for _, value := range values {
			size += len(name) + len(": ") + len(t.visible(name, value)) + len("\n")
		}
	}
	slices.Sort(names)
	b := make([]byte, 0, size)
	for _, name := range names {
		for _, value := range h[name] {
			b = append(append(append(append(b, name...), ": "...), t.visible(name, value)...), '\n')
		}
	}
	return b
}

func (t *target) visible(name, value string) string {
	if slices.Contains(t.hidden, name) {
		return hidden
	}
	return value
}
