package dialect

import "slices"

// AppendBody appends the body of a delivery to dst. It depends on the event
// and the subscription alone, so it is the same on every attempt.
func (d *Dialect) AppendBody(dst []byte, in *Delivery) []byte {
	dst = slices.Grow(dst, d.body.room(in))
	for i := range d.body.parts {
		dst = d.body.parts[i].appendJSON(dst, in)
	}
	return dst
}

// room is about how many bytes the body has; never less than it has without
// members of data and escapes.
func (t *template) room(in *Delivery) int {
	const number = 48 // longer than any time, number and trace id in quotes
	n := t.fixed
	for i := range t.parts {
		switch p := &t.parts[i]; {
		case p.kind == literal:
		case p.kind == eventData:
			n += max(len(in.Event.GetData()), len(null))
		case p.kind.given():
			text, _ := p.given(in)
			n += len(text) + len(null) + len(p.fallback)
		default:
			n += number
		}
	}
	return n
}
