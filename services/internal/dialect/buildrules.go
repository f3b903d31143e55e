package dialect

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/posthaste/posthaste/pkg/eventid"
)

const (
	maxDelays       = 32
	maxDelay        = 30 * 24 * time.Hour // ten times longer than events are kept
	minTimeout      = 10 * time.Millisecond
	maxTimeout      = 10 * time.Minute
	maxDisableAfter = 1_000_000
	maxIDPrefix     = 16
)

// failures reads how failure is treated.
func (b *builder) failures() {
	retry := &b.spec.Retry
	b.d.RetryOn = []RetryOn{RetryAnyFailure, RetryServerErrors}[b.oneOf("retry.on", retry.On, string(RetryAnyFailure), string(RetryServerErrors))]
	b.d.Gone = []Gone{GoneDisable, GoneRetry}[b.oneOf("retry.gone", retry.Gone, string(GoneDisable), string(GoneRetry))]
	if len(retry.Delays) > maxDelays {
		b.fault("retry.delays", "must have at most %d entries, has %d", maxDelays, len(retry.Delays))
	}
	for i, text := range retry.Delays {
		d, err := time.ParseDuration(text)
		if err != nil || d <= 0 || d > maxDelay {
			b.fault(fmt.Sprintf("retry.delays[%d]", i), "must be a duration such as 10s, more than 0 and at most 720h, is %.64q", text)
		}
		b.d.Delays = append(b.d.Delays, d)
	}
	if b.d.DisableAfter = int(b.spec.DisableAfter); b.d.DisableAfter < 0 || b.d.DisableAfter > maxDisableAfter {
		b.fault("disable_after", "must lie between 0, which is never, and %d, is %d", maxDisableAfter, b.d.DisableAfter)
	}
	timeout, err := time.ParseDuration(b.spec.Timeout)
	if b.d.Timeout = timeout; err != nil || timeout < minTimeout || timeout > maxTimeout {
		b.fault("timeout", "must be a duration from 10ms to 10m, is %.64q", b.spec.Timeout)
	}
}

// subscriptions reads what control asks for.
func (b *builder) subscriptions() {
	duplicates := []string{string(DuplicatesInsert), string(DuplicatesConflict), string(DuplicatesUpdate)}
	b.d.Duplicates = Duplicates(duplicates[b.oneOf("duplicates", b.spec.Duplicates, duplicates...)])
	b.d.AllTypes = b.oneOf("types", b.spec.Types, typesChosen, typesAll) == 1
	b.d.HTTPS = []HTTPS{HTTPSUnlessAllowed, HTTPSAlways}[b.oneOf("https", b.spec.HTTPS, string(HTTPSUnlessAllowed), string(HTTPSAlways))]
}

func (b *builder) ping() {
	ping := &b.spec.Ping
	b.d.Ping = Ping{Type: ping.Type, Data: json.RawMessage(ping.Data), IDPrefix: ping.IDPrefix}
	if err := eventid.CheckType(ping.Type); err != nil {
		b.fault("ping.type", "%s", nameProblem(err))
	}
	if !json.Valid(b.d.Ping.Data) {
		b.fault("ping.data", "must be one JSON value, written as text in quotes")
	}
	// A full stop would let parts of the body pass for parts of the id.
	odd := strings.ContainsFunc(ping.IDPrefix, func(r rune) bool { return r == '.' || !isTokenChar(r) })
	if ping.IDPrefix == "" || len(ping.IDPrefix) > maxIDPrefix || odd {
		b.fault("ping.id_prefix", "must have 1 to %d letters, digits, - and _, is %.64q", maxIDPrefix, ping.IDPrefix)
	}
}
