package catalogue

import (
	"fmt"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/settings"
)

// Config bounds the catalogue. Every service of one installation is given the
// same.
type Config struct {
	Enforcement    string         `name:"event-type-enforcement" group:"Event types" help:"Which events ingest refuses where the tenant does not say: off (none), schema (data that does not fit its type), known (types not in the catalogue too)." enum:"off,schema,known" default:"off"`
	MaxEventTypes  int            `name:"max-event-types-per-tenant" group:"Event types" unit:"count" help:"Event types that one tenant may have of its own." default:"1000"`
	MaxSchemaBytes settings.Bytes `name:"max-schema-bytes" group:"Event types" unit:"bytes" help:"Size of the JSON Schema of an event type." default:"64KiB"`
}

// Limits that have no setting.
const (
	MaxExample     = 64 << 10 // bytes
	MaxDescription = 1 << 10  // bytes
)

// maxSchemaBytes keeps a record below the 1 MiB that NATS takes as a rule.
const maxSchemaBytes = 512 * settings.KiB

// Validate names the first setting that cannot work.
func (c *Config) Validate() error {
	switch {
	case c.Enforcement != "off" && c.Enforcement != "schema" && c.Enforcement != "known":
		return fmt.Errorf("event-type-enforcement: must be off, schema or known, is %q", c.Enforcement)
	case c.MaxEventTypes < 1:
		return fmt.Errorf("max-event-types-per-tenant: must be at least 1, is %d", c.MaxEventTypes)
	case c.MaxSchemaBytes < 1 || c.MaxSchemaBytes > maxSchemaBytes:
		return fmt.Errorf("max-schema-bytes: must be 1B to %s, is %s", maxSchemaBytes, c.MaxSchemaBytes)
	}
	return nil
}

func (c *Config) enforcement() posthastev1.EventTypeEnforcement {
	switch c.Enforcement {
	case "known":
		return known
	case "schema":
		return schema
	default:
		return off
	}
}

const (
	off    = posthastev1.EventTypeEnforcement_EVENT_TYPE_ENFORCEMENT_OFF
	schema = posthastev1.EventTypeEnforcement_EVENT_TYPE_ENFORCEMENT_SCHEMA
	known  = posthastev1.EventTypeEnforcement_EVENT_TYPE_ENFORCEMENT_KNOWN
)
