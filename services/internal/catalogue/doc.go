// Package catalogue knows the types of events: what they are, how their data
// looks, and which of them are on their way out.
//
// A tenant's catalogue has three layers, and the later wins: what its dialect
// brings along, what the operator set for all tenants, what was set for the
// tenant. Check holds an event against it, as strictly as the tenant's
// enforcement says.
//
// A schema is a stranger's program. It reads nothing from outside itself, and
// one check takes no more steps than a multiple of the event's size.
package catalogue
