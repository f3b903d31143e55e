package apikeys

import (
	"fmt"
	"math"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"google.golang.org/protobuf/types/known/timestamppb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/control/internal/rest"
	"github.com/posthaste/posthaste/services/internal/auth"
	"github.com/posthaste/posthaste/services/internal/problem"
)

// Sizes in bytes.
const (
	maxName        = 64
	maxDescription = 1024
)

// check reads a request and gathers what is wrong with it.
type check struct {
	who    auth.Principal // who asks
	now    time.Time
	faults rest.Faults
	denied error // a 403: what the request wants is right, but not for this key
}

// err tells what is wrong before what is not allowed.
func (c *check) err() error {
	if err := c.faults.Err(); err != nil {
		return err
	}
	return c.denied
}

func (c *check) text(field, value string, least, most int) string {
	switch {
	case len(value) < least:
		c.faults.Add(field, "is required")
	case len(value) > most:
		c.faults.Add(field, "must have at most %d bytes, has %d", most, len(value))
	case !utf8.ValidString(value) || strings.ContainsFunc(value, unicode.IsControl):
		c.faults.Add(field, "must be text without control characters")
	}
	return value
}

// scopes are given in one order, each once.
func (c *check) scopes(names []string) []string {
	if len(names) == 0 {
		c.faults.Add("scopes", "is required: one or more of %s", strings.Join(auth.ScopeNames(), ", "))
	}
	var all auth.Scopes
	for i, name := range names {
		scope, ok := auth.ScopeNamed(name)
		if !ok {
			c.faults.Add(fmt.Sprintf("scopes[%d]", i), "%.64q is not known; known are %s", name, strings.Join(auth.ScopeNames(), ", "))
			break // a long list of nonsense is answered shortly
		}
		all |= scope
	}
	if lacks := all &^ c.who.Scopes; lacks != 0 {
		c.denied = problem.Scope(fmt.Sprintf("The key cannot give what it lacks: %s.", lacks))
	}
	return all.Names()
}

// expiry is never after that of the key that asks: it would live on in the other.
func (c *check) expiry(at *time.Time) *timestamppb.Timestamp {
	until := c.who.Expires
	switch {
	case at == nil && until.IsZero():
		return nil
	case at == nil:
		return timestamppb.New(until)
	case !at.After(c.now):
		c.faults.Add("expiresAt", "must be in the future")
	case !until.IsZero() && at.After(until):
		c.faults.Add("expiresAt", "must not be after %s, when the key expires that asks for it", until.UTC().Format(time.RFC3339Nano))
	case !timestamppb.New(*at).IsValid():
		c.faults.Add("expiresAt", "must be before the year 10000")
	}
	return timestamppb.New(*at)
}

func (c *check) rate(req *APIKeyRateRequest) *posthastev1.ApiKeyRate {
	if req == nil {
		return nil
	}
	if !c.who.Operator {
		c.denied = problem.Scope("Only an operator's key may set the rate of a key.")
	}
	burst := req.Burst
	if burst == 0 {
		burst = max(1, int(math.Ceil(2*min(req.RequestsPerSecond, auth.MaxRate/2))))
	}
	if req.RequestsPerSecond < 0 || req.RequestsPerSecond > auth.MaxRate {
		c.faults.Add("rateLimit.requestsPerSecond", "must be 0 to %d", auth.MaxRate)
	}
	if burst < 1 || burst > auth.MaxBurst {
		c.faults.Add("rateLimit.burst", "must be 1 to %d", auth.MaxBurst)
	}
	return &posthastev1.ApiKeyRate{RequestsPerSecond: req.RequestsPerSecond, Burst: int64(burst)}
}
