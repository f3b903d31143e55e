// Package dialect shapes deliveries: what is in the body and in the headers.
package dialect

import (
	"net/http"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/posthaste/posthaste/pkg/webhook"
	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/version"
)

// Standard is the name of the dialect that follows Standard Webhooks 1.0.
const Standard = "standard"

// StandardBody is {"id","type","timestamp","data"}: the event, with data byte
// for byte as it was published. It depends on the event alone, so it is the
// same on every attempt.
func StandardBody(e *posthastev1.Event) []byte {
	const frame = len(`{"id":"","type":"","timestamp":"","data":}`) + len(time.RFC3339Nano)
	b := make([]byte, 0, frame+len(e.GetId())+len(e.GetType())+len(e.GetData())+16)
	b = append(b, `{"id":`...)
	b = appendString(b, e.GetId())
	b = append(b, `,"type":`...)
	b = appendString(b, e.GetType())
	b = append(b, `,"timestamp":"`...)
	b = e.GetTime().AsTime().AppendFormat(b, time.RFC3339Nano)
	b = append(b, `","data":`...)
	b = append(b, e.GetData()...)
	return append(b, '}')
}

func appendString(b []byte, s string) []byte {
	quoted, err := jsontext.AppendQuote(b, s)
	if err != nil {
		// Ids and types are ASCII; what is not was refused when published.
		return append(b, `""`...)
	}
	return quoted
}

var (
	jsonType  = []string{"application/json"}
	userAgent = []string{version.UserAgent()}
)

// StandardHeader is the header of one attempt: content type, user agent and
// the three of Standard Webhooks, spelt as its specification spells them. The
// signature covers the attempt's time, in whole seconds.
func StandardHeader(deliveryID string, now time.Time, body []byte, signer *webhook.Signer) http.Header {
	values := [...]string{deliveryID, strconv.FormatInt(now.Unix(), 10), signer.Sign(deliveryID, now, body)}
	h := make(http.Header, 8)
	h["Content-Type"] = jsonType
	h["User-Agent"] = userAgent
	h[webhook.HeaderID] = values[0:1:1]
	h[webhook.HeaderTimestamp] = values[1:2:2]
	h[webhook.HeaderSignature] = values[2:3:3]
	return h
}
