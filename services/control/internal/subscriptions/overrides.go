package subscriptions

import (
	"fmt"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/posthaste/posthaste/services/control/internal/rest"
	"github.com/posthaste/posthaste/services/internal/dialect"
)

const (
	// minTimeout is the shortest that a network answers in at all.
	minTimeout = 100 * time.Millisecond
	// maxDisableAfter bounds what Redis keeps of a subscription that fails.
	maxDisableAfter = 1000
	maxContentType  = 128 // bytes
)

// readDelays reads waits such as "10s". nil stands for the dialect's.
func (r *Resource) readDelays(texts []string, f *rest.Faults) []*durationpb.Duration {
	if texts == nil {
		return nil
	}
	if len(texts) == 0 || len(texts) > r.cfg.MaxDelays {
		f.Add("retryPolicy.delays", "must have 1 to %d entries (max-delays), has %d; leave it out for the dialect's", r.cfg.MaxDelays, len(texts))
		return nil
	}
	delays := make([]*durationpb.Duration, len(texts))
	for i, text := range texts {
		d, err := time.ParseDuration(text)
		if err != nil || d < r.cfg.MinDelay || d > r.cfg.MaxDelay {
			f.Add(fmt.Sprintf("retryPolicy.delays[%d]", i), "must be a duration such as 10s, from %s to %s",
				shortDuration(r.cfg.MinDelay), shortDuration(r.cfg.MaxDelay))
			continue
		}
		delays[i] = durationpb.New(d)
	}
	return delays
}

// readTimeout is nil for the dialect's.
func (r *Resource) readTimeout(text string, f *rest.Faults) *durationpb.Duration {
	if text == "" {
		return nil
	}
	most := r.deps.Policies.MaxTimeout()
	d, err := time.ParseDuration(text)
	if err != nil || d < minTimeout || d > most {
		f.Add("timeout", "must be a duration such as 5s, from %s to %s (request-timeout)", minTimeout, shortDuration(most))
		return nil
	}
	return durationpb.New(d)
}

// readDisableAfter is nil for the dialect's.
func readDisableAfter(n *int, f *rest.Faults) *uint32 {
	if n == nil {
		return nil
	}
	if *n < 0 || *n > maxDisableAfter {
		f.Add("disableAfter", "must be 0 (never) to %d, is %d", maxDisableAfter, *n)
		return nil
	}
	return proto.Uint32(uint32(*n))
}

func readContentType(text string, f *rest.Faults) string {
	if text == "" {
		return ""
	}
	if media, _, err := mime.ParseMediaType(text); err != nil || !strings.Contains(media, "/") || len(text) > maxContentType || !httpguts.ValidHeaderFieldValue(text) {
		f.Add("contentType", "must be a media type such as application/json, of at most %d bytes", maxContentType)
	}
	return text
}

// readHeaders are further headers of a POST, which must not be those of HTTP,
// of the dialect or ours.
func (r *Resource) readHeaders(d *dialect.Dialect, headers map[string]string, f *rest.Faults) map[string]string {
	if len(headers) > r.cfg.MaxHeaders {
		f.Add("headers", "must have at most %d entries (max-headers), has %d", r.cfg.MaxHeaders, len(headers))
		return nil
	}
	seen := make(map[string]string, len(headers))
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		field, value := "headers."+strings.ToValidUTF8(name[:min(len(name), 64)], ""), headers[name]
		canonical := http.CanonicalHeaderKey(name)
		switch first, twice := seen[canonical]; {
		case !httpguts.ValidHeaderFieldName(name):
			f.Add(field, "is no name of a header")
		case twice:
			f.Add(field, "is the same header as %s", first)
		case d.OwnHeader(name):
			f.Add(field, "is set by Posthaste, by the dialect or by HTTP itself; choose another name")
		case value == "":
			f.Add(field, "must have a value; leave the header out where there is none")
		case value == hidden:
			f.Add(field, "is %s, which stands for a value that is not shown; give the value itself", hidden)
		case len(value) > int(r.cfg.MaxHeaderBytes):
			f.Add(field, "must have at most %d bytes (max-header-bytes), has %d", int(r.cfg.MaxHeaderBytes), len(value))
		case !httpguts.ValidHeaderFieldValue(value):
			f.Add(field, "must be one line of text without control characters")
		}
		seen[canonical] = name
	}
	return headers
}

// cloneDelays copies, for a change may be applied to several readings.
func cloneDelays(delays []*durationpb.Duration) []*durationpb.Duration {
	var all []*durationpb.Duration
	for _, d := range delays {
		all = append(all, proto.CloneOf(d))
	}
	return all
}
