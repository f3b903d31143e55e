package auth

import (
	"fmt"
	"slices"
	"strings"
)

// Scopes are what a key may do: any of the scopes below. None of them implies
// another.
type Scopes uint8

// The scopes.
const (
	EventsWrite   Scopes = 1 << iota // publish events
	EventsRead                       // read and stream events and their types
	WebhooksRead                     // read subscriptions, deliveries and replays
	WebhooksWrite                    // change subscriptions, deliver once more
	Admin                            // manage API keys, tenants and event types
)

// AllScopes are those of the bootstrap key.
const AllScopes = EventsWrite | EventsRead | WebhooksRead | WebhooksWrite | Admin

// scopeNames are in the order of the bits.
var scopeNames = []string{"events:write", "events:read", "webhooks:read", "webhooks:write", "admin"}

// ScopeNames are the names that there are.
func ScopeNames() []string { return slices.Clone(scopeNames) }

// ScopeNamed is the scope of the name; ok is false where there is none.
func ScopeNamed(name string) (scope Scopes, ok bool) {
	i := slices.Index(scopeNames, name)
	if i < 0 {
		return 0, false
	}
	return 1 << i, true
}

// scopesNamed leaves out what this version does not know.
func scopesNamed(names []string) (all Scopes) {
	for _, name := range names {
		scope, _ := ScopeNamed(name)
		all |= scope
	}
	return all
}

// Have says whether all of the others are among s.
func (s Scopes) Have(others Scopes) bool { return s&others == others }

// Names are those of the scopes, in one order.
func (s Scopes) Names() []string {
	names := []string{}
	for i, name := range scopeNames {
		if s&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}

// String joins the names.
func (s Scopes) String() string { return strings.Join(s.Names(), " ") }

// GoString is for the failures of tests.
func (s Scopes) GoString() string { return fmt.Sprintf("Scopes(%s)", s.String()) }
