package filter

import "net/netip"

// operator reads an object of one operator into the leaf.
func (c *compiler) operator(l *leaf, at string) error {
	return c.only(at, func(name string) error {
		at := member(at, name)
		switch name {
		case "exists":
			return c.exists(l, at)
		case "numeric":
			return c.numeric(l, at)
		case "anything-but":
			t, err := c.anythingBut(at)
			l.tests = append(l.tests, t)
			return err
		case "cidr":
			t, err := c.cidr(at)
			l.tests = append(l.tests, t)
			return err
		case "prefix", "suffix", "equals-ignore-case", "wildcard":
			t, err := c.text(name, at)
			l.tests = append(l.tests, t)
			return err
		default:
			return fault(at, "is no operator; there are prefix, suffix, equals-ignore-case, wildcard, anything-but, numeric, exists, cidr")
		}
	})
}

// only reads an object of a single member.
func (c *compiler) only(at string, visit func(name string) error) error {
	n := 0
	err := c.members(at, func(name string) error {
		if n++; n > 1 {
			return fault(member(at, name), "stands beside another operator; each must stand in an object of its own")
		}
		return visit(name)
	})
	if err == nil && n == 0 {
		return fault(at, "is an empty object; it must hold an operator such as prefix")
	}
	return err
}

func (c *compiler) exists(l *leaf, at string) error {
	kind, err := c.peek()
	if err != nil {
		return err
	}
	switch kind {
	case 't':
		l.tests = append(l.tests, present)
	case 'f':
		l.absent = true
	default:
		return fault(at, "must be true or false, is %s", what(kind))
	}
	_, err = c.token()
	return err
}

func (c *compiler) cidr(at string) (test, error) {
	s, err := c.str(at)
	if err != nil {
		return nil, err
	}
	block, err := netip.ParsePrefix(s)
	if err != nil {
		return nil, fault(at, "must be a block of addresses such as 10.0.0.0/24 or 2001:db8::/32, is %.64q", s)
	}
	return cidr(block), nil
}

// present holds for every scalar.
func present(scalar) bool { return true }

// cidr holds for addresses in the block.
func cidr(block netip.Prefix) test {
	return text(func(s string) bool {
		addr, err := netip.ParseAddr(s)
		return err == nil && (block.Contains(addr) || block.Contains(addr.Unmap()))
	})
}
