package ssrf

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// hosts resolves names to lists of addresses.
type hosts map[string][]string

func (h hosts) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	list, ok := h[host]
	if !ok {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	addrs := make([]netip.Addr, len(list))
	for i, a := range list {
		addrs[i] = netip.MustParseAddr(a)
	}
	return addrs, nil
}

var names = hosts{
	"public.example":   {"93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"},
	"public.example.":  {"93.184.215.14"},
	"inside.example":   {"10.1.2.3"},
	"mixed.example":    {"93.184.215.14", "127.0.0.1"},
	"mapped.example":   {"::ffff:192.168.0.1"},
	"nothing.example":  {},
	"metadata.example": {"169.254.169.254"},
	"localhost":        {"127.0.0.1"},
}

func prefixes(all ...string) []netip.Prefix {
	list := make([]netip.Prefix, len(all))
	for i, p := range all {
		list[i] = netip.MustParsePrefix(p)
	}
	return list
}

func TestCheckURL(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]error{
		"https://public.example/hook?x=1":      nil,
		"https://public.example:8443":          nil,
		"https://PUBLIC.example.:443/":         ErrUnresolved, // the fake resolver minds the case
		"https://public.example./":             nil,
		"https://93.184.215.14/":               nil,
		"https://[2606:2800:21f:cb07::1]/":     nil,
		"http://public.example/":               ErrScheme,
		"ftp://public.example/":                ErrScheme,
		"file:///etc/passwd":                   ErrScheme,
		"public.example/hook":                  ErrScheme,
		"":                                     ErrScheme,
		"https://":                             ErrURL,
		"https:///hook":                        ErrURL,
		"https://:443/":                        ErrURL,
		"https://user@public.example/":         ErrURL,
		"https://user:secret@public.example/":  ErrURL,
		"https://public.example/#part":         ErrURL,
		"https://public.example/%zz":           ErrURL,
		"https://public.example\x00/":          ErrURL,
		"https://" + strings.Repeat("a", 2048): ErrURL,
		"https://unknown.example/":             ErrUnresolved,
		"https://nothing.example/":             ErrUnresolved,
		"https://inside.example/":              ErrPrivate,
		"https://mixed.example/":               ErrPrivate,
		"https://mapped.example/":              ErrPrivate,
		"https://metadata.example/":            ErrPrivate,
		"https://localhost/":                   ErrPrivate,
		"https://LocalHost./":                  ErrPrivate,
		"https://0.0.0.0/":                     ErrPrivate,
		"https://127.0.0.1/":                   ErrPrivate,
		"https://127.255.255.254/":             ErrPrivate,
		"https://[::1]/":                       ErrPrivate,
		"https://[::]/":                        ErrPrivate,
		"https://[::ffff:127.0.0.1]/":          ErrPrivate,
		"https://10.0.0.1/":                    ErrPrivate,
		"https://172.16.0.1/":                  ErrPrivate,
		"https://172.31.255.255/":              ErrPrivate,
		"https://172.32.0.1/":                  nil,
		"https://192.168.255.255/":             ErrPrivate,
		"https://169.254.169.254/latest/":      ErrPrivate,
		"https://100.64.0.1/":                  ErrPrivate,
		"https://100.127.255.255/":             ErrPrivate,
		"https://168.63.129.16/":               ErrPrivate,
		"https://224.0.0.1/":                   ErrPrivate,
		"https://255.255.255.255/":             ErrPrivate,
		"https://[fe80::1]/":                   ErrPrivate,
		"https://[fc00::1]/":                   ErrPrivate,
		"https://[fd12::1]/":                   ErrPrivate,
		"https://[ff02::1]/":                   ErrPrivate,
		"https://[64:ff9b::7f00:1]/":           ErrPrivate,
		"https://[2002:7f00:1::]/":             ErrPrivate,
		"https://2130706433/":                  ErrUnresolved, // 127.0.0.1 as a number is a name to us
		"https://0x7f.1/":                      ErrUnresolved,
		"https://127.1/":                       ErrUnresolved,
		"https://[fe80::1%25eth0]/":            ErrPrivate,
		"https://public.example@127.0.0.1/":    ErrURL,
		"https://127.0.0.1\\@public.example/":  ErrURL,
	} {
		if err := New(Config{}, names).CheckURL(t.Context(), url); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", url, err, want)
		}
	}
}

func TestExceptions(t *testing.T) {
	t.Parallel()
	local := Config{AllowInsecure: true, AllowNetworks: prefixes("127.0.0.0/8", "::1/128", "10.1.0.0/16")}
	for url, want := range map[string]error{
		"http://127.0.0.1:3000/":  nil,
		"http://localhost:3000/":  nil,
		"http://[::1]:3000/":      nil,
		"http://inside.example/":  nil,
		"https://10.2.0.1/":       ErrPrivate,
		"https://192.168.0.1/":    ErrPrivate,
		"ftp://127.0.0.1/":        ErrScheme,
		"https://168.63.129.16/":  ErrPrivate,
		"https://mapped.example/": ErrPrivate,
	} {
		if err := New(local, names).CheckURL(t.Context(), url); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", url, err, want)
		}
	}
	if err := New(Config{AllowNetworks: prefixes("0.0.0.0/0")}, names).CheckURL(t.Context(), "https://localhost/"); err != nil {
		t.Errorf("localhost where everything is allowed: %v", err)
	}
	other := Config{AllowNetworks: prefixes("10.0.0.0/8")}
	if err := New(other, names).CheckURL(t.Context(), "https://localhost/"); !errors.Is(err, ErrPrivate) {
		t.Errorf("localhost with another exception: %v", err)
	}
}

// The very address that is dialled is judged, so a name that changes its mind
// gets nowhere.
func TestControlStopsTheDial(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	for name, c := range map[string]struct {
		cfg  Config
		want error
	}{
		"refused": {Config{}, ErrPrivate},
		"allowed": {Config{AllowNetworks: prefixes("127.0.0.0/8")}, nil},
	} {
		dialer := net.Dialer{Control: New(c.cfg, names).Control}
		conn, err := dialer.DialContext(t.Context(), "tcp", server.Listener.Addr().String())
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if err == nil {
			_ = conn.Close()
		}
	}
}

func TestSystemResolverIsTheDefault(t *testing.T) {
	t.Parallel()
	if New(Config{}, nil).resolver != net.DefaultResolver {
		t.Error("another resolver")
	}
}
