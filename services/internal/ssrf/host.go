package ssrf

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// The longest that DNS takes, in bytes.
const (
	maxName  = 253
	maxLabel = 63
)

var errIsAddress = errors.New("is an address; use allow-networks")

// numberError is a host that other programs take for the number of an IPv4
// address: 2130706433, 0x7f.1 or 127.0.0.01.
type numberError struct {
	addr netip.Addr // invalid where it is none to anybody
}

func (e *numberError) Error() string {
	if !e.addr.IsValid() {
		return "its host ends in a number and is no IPv4 address"
	}
	return fmt.Sprintf("its host is a number; write the address as %s", e.addr)
}

// canonicalHost is the one form of a host that is looked up, judged, dialled
// and sent: an address as netip writes it, or a name in lower-case ASCII
// without a dot at its end. What IDNA maps to ASCII, such as full-width digits
// and dots, is mapped first. Errors are without ErrURL; *numberError and
// errZone are told apart.
func canonicalHost(host string) (string, error) {
	if strings.Contains(host, ":") {
		return canonicalIPv6(host)
	}
	name, err := asciiName(host)
	if err != nil {
		return "", err
	}
	name = strings.TrimSuffix(name, ".")
	if addr, err := netip.ParseAddr(name); err == nil {
		return addr.String(), nil
	}
	if err := checkName(name); err != nil {
		return "", err
	}
	if last := name[strings.LastIndexByte(name, '.')+1:]; isNumber(last) {
		addr, _ := parseNumbers(name)
		return "", &numberError{addr}
	}
	return name, nil
}

var errZone = errors.New("its address has a zone")

func canonicalIPv6(host string) (string, error) {
	addr, err := netip.ParseAddr(host)
	switch {
	case err != nil:
		return "", errors.New("its host is no IPv6 address")
	case addr.Zone() != "":
		return "", errZone
	}
	return addr.Unmap().String(), nil
}

// asciiName leaves to IDNA only what is not ASCII: its rules would refuse names
// that DNS has, such as those with an underscore.
func asciiName(host string) (string, error) {
	if strings.ContainsFunc(host, func(r rune) bool { return r >= utf8.RuneSelf }) {
		name, err := idna.Lookup.ToASCII(host)
		if err != nil {
			return "", errors.New("its host is no international domain name")
		}
		return name, nil
	}
	return strings.ToLower(host), nil
}

func checkName(name string) error {
	if len(name) > maxName {
		return fmt.Errorf("its host has more than %d bytes", maxName)
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > maxLabel {
			return fmt.Errorf("a part of its host's name has not 1 to %d bytes", maxLabel)
		}
		if strings.ContainsFunc(label, func(r rune) bool { return !isNameChar(r) }) {
			return errors.New("its host's name has other characters than letters, digits, - and _")
		}
	}
	return nil
}

func isNameChar(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_'
}

// isNumber holds for a label which makes browsers read the host as an IPv4
// address (WHATWG URL, "ends in a number").
func isNumber(label string) bool {
	if hex, ok := strings.CutPrefix(label, "0x"); ok {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return label != "" && strings.Trim(label, "0123456789") == ""
}

// parseNumbers reads a host as inet_aton(3) does: one to four numbers, decimal,
// octal or hexadecimal, of which the last fills what is left.
func parseNumbers(host string) (netip.Addr, bool) {
	parts := strings.Split(host, ".")
	if len(parts) > 4 {
		return netip.Addr{}, false
	}
	var all uint64
	for i, part := range parts {
		bits := 8
		if i == len(parts)-1 {
			bits = 8 * (4 - i)
		}
		n, err := parseNumber(part)
		if err != nil || n >= 1<<bits {
			return netip.Addr{}, false
		}
		all = all<<bits | n
	}
	return netip.AddrFrom4([4]byte{byte(all >> 24), byte(all >> 16), byte(all >> 8), byte(all)}), true
}

func parseNumber(text string) (uint64, error) {
	base := 10
	if hex, ok := strings.CutPrefix(text, "0x"); ok {
		if hex == "" {
			return 0, nil // so do browsers
		}
		text, base = hex, 16
	} else if len(text) > 1 && text[0] == '0' {
		text, base = text[1:], 8
	}
	return strconv.ParseUint(text, base, 32)
}

func isAddress(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}
