package dialect

import "github.com/posthaste/posthaste/services/internal/dialect/template"

// Delivery is what a dialect has to know of one attempt.
type Delivery = template.Delivery

// AppendBody appends the body of a delivery to dst. It depends on the event
// and the subscription alone, so it is the same on every attempt.
func (d *Dialect) AppendBody(dst []byte, in *Delivery) []byte { return d.body.AppendJSON(dst, in) }
