package ssrf

import (
	"context"
	"errors"
	"net"
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
		return nil, &net.DNSError{Err: "no such host", Name: host, Server: "10.0.0.53:53", IsNotFound: true}
	}
	addrs := make([]netip.Addr, len(list))
	for i, a := range list {
		addrs[i] = netip.MustParseAddr(a)
	}
	return addrs, nil
}

var names = hosts{
	"public.example":    {"93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"},
	"inside.example":    {"10.1.2.3"},
	"mixed.example":     {"93.184.215.14", "127.0.0.1"},
	"mapped.example":    {"::ffff:192.168.0.1"},
	"nat64.example":     {"64:ff9b::5db8:d70e"},
	"hidden.example":    {"64:ff9b::7f00:1"},
	"nothing.example":   {},
	"metadata.example":  {"169.254.169.254"},
	"zoned.example":     {"fe80::1%eth0"},
	"xn--mnchen-3ya.de": {"93.184.215.14"},
	"my_host.example":   {"93.184.215.14"},
	"localhost":         {"127.0.0.1"},
	"app.localhost":     {"127.0.0.1"},
}

func prefixes(all ...string) []netip.Prefix {
	list := make([]netip.Prefix, len(all))
	for i, p := range all {
		list[i] = netip.MustParsePrefix(p)
	}
	return list
}

// vectors are hostile and honest URLs for a guard that opens nothing.
var vectors = map[string]error{
	// Forms.
	"https://public.example/hook?x=1":      nil,
	"https://public.example:8443":          nil,
	"https://PUBLIC.example.:443/":         nil,
	"https://public.example./":             nil,
	"https://my_host.example/":             nil,
	"HTTPS://public.example/":              nil,
	"https://93.184.215.14/":               nil,
	"https://93.184.215.14./":              nil,
	"https://[2606:2800:21f:cb07::1]/":     nil,
	"http://public.example/":               ErrScheme,
	"ftp://public.example/":                ErrScheme,
	"file:///etc/passwd":                   ErrScheme,
	"gopher://127.0.0.1:6379/_FLUSHALL":    ErrScheme,
	"javascript:alert(1)":                  ErrScheme,
	"//public.example/hook":                ErrScheme,
	"public.example/hook":                  ErrScheme,
	"":                                     ErrScheme,
	"https://":                             ErrURL,
	"https:public.example":                 ErrURL,
	"https:///hook":                        ErrURL,
	"https://:443/":                        ErrURL,
	"https://./":                           ErrURL,
	"https://public..example/":             ErrURL,
	"https://public.example../":            ErrURL,
	"https://.public.example/":             ErrURL,
	"https://user@public.example/":         ErrURL,
	"https://user:secret@public.example/":  ErrURL,
	"https://@public.example/":             ErrURL,
	"https://public.example@127.0.0.1/":    ErrURL,
	"https://127.0.0.1\\@public.example/":  ErrURL,
	"https://127.0.0.1#@public.example/":   ErrURL,
	"https://public.example/#part":         ErrURL,
	"https://public.example/%zz":           ErrURL,
	"https://public.example\x00/":          ErrURL,
	"https://public.example\r\nX: y/":      ErrURL,
	"https://public.example\t/":            ErrURL,
	" https://public.example/":             ErrURL,
	"https://public example/":              ErrURL,
	"https://public.example:0/":            ErrURL,
	"https://public.example:65536/":        ErrURL,
	"https://public.example:-1/":           ErrURL,
	"https://public.example:80:80/":        ErrURL,
	"https://public.example:http/":         ErrURL,
	"https://[public.example]/":            ErrURL,
	"https://[93.184.215.14]/":             ErrURL,
	"https://::1/":                         ErrURL,
	"https://*.example/":                   ErrURL,
	"https://a,b.example/":                 ErrURL,
	"https://" + strings.Repeat("a", 64):   ErrURL,
	"https://" + strings.Repeat("a.", 128): ErrURL,
	"https://" + strings.Repeat("a", 2048): ErrURL,
	"https://unknown.example/":             ErrUnresolved,
	"https://nothing.example/":             ErrUnresolved,
	"https://inside.example/":              ErrPrivate,
	"https://mixed.example/":               ErrPrivate,
	"https://mapped.example/":              ErrPrivate,
	"https://nat64.example/":               ErrPrivate,
	"https://zoned.example/":               ErrPrivate,
	"https://metadata.example/":            ErrPrivate,
	"https://MetaData.Example:8443/":       ErrPrivate,
	"https://localhost/":                   ErrPrivate,
	"https://LocalHost./":                  ErrPrivate,
	"https://app.localhost/":               ErrPrivate,
	// The ranges.
	"https://0.0.0.0/":                ErrPrivate,
	"https://0.255.0.1/":              ErrPrivate,
	"https://127.0.0.1/":              ErrPrivate,
	"https://127.0.0.1.:443/":         ErrPrivate,
	"https://127.255.255.254/":        ErrPrivate,
	"https://10.0.0.1/":               ErrPrivate,
	"https://172.15.255.255/":         nil,
	"https://172.16.0.1/":             ErrPrivate,
	"https://172.31.255.255/":         ErrPrivate,
	"https://172.32.0.1/":             nil,
	"https://192.168.255.255/":        ErrPrivate,
	"https://169.254.169.254/latest/": ErrPrivate,
	"https://100.63.255.255/":         nil,
	"https://100.64.0.1/":             ErrPrivate,
	"https://100.100.100.200/":        ErrPrivate, // Alibaba's metadata
	"https://100.127.255.255/":        ErrPrivate,
	"https://100.128.0.1/":            nil,
	"https://192.0.0.192/":            ErrPrivate, // Oracle's metadata
	"https://168.63.129.16/":          ErrPrivate,
	"https://192.0.2.1/":              ErrPrivate,
	"https://198.51.100.1/":           ErrPrivate,
	"https://203.0.113.1/":            ErrPrivate,
	"https://198.17.255.255/":         nil,
	"https://198.18.0.1/":             ErrPrivate,
	"https://198.19.255.255/":         ErrPrivate,
	"https://198.20.0.1/":             nil,
	"https://192.88.99.1/":            ErrPrivate,
	"https://223.255.255.255/":        nil,
	"https://224.0.0.1/":              ErrPrivate,
	"https://240.0.0.1/":              ErrPrivate,
	"https://255.255.255.255/":        ErrPrivate,
	"https://[::]/":                   ErrPrivate,
	"https://[::1]/":                  ErrPrivate,
	"https://[100::1]/":               ErrPrivate,
	"https://[2001:2::1]/":            ErrPrivate,
	"https://[2001:10::1]/":           ErrPrivate, // ORCHID
	"https://[2001:db8::1]/":          ErrPrivate,
	"https://[3fff::1]/":              ErrPrivate,
	"https://[4000::1]/":              ErrPrivate,
	"https://[5f00::1]/":              ErrPrivate,
	"https://[fc00::1]/":              ErrPrivate,
	"https://[fd00:ec2::254]/":        ErrPrivate, // Amazon's metadata
	"https://[fd12::1]/":              ErrPrivate,
	"https://[fe80::1]/":              ErrPrivate,
	"https://[febf::1]/":              ErrPrivate,
	"https://[fec0::1]/":              ErrPrivate,
	"https://[ff02::1]/":              ErrPrivate,
	// Disguises of addresses.
	"https://[::ffff:127.0.0.1]/":          ErrPrivate,
	"https://[::ffff:7f00:1]/":             ErrPrivate,
	"https://[0:0:0:0:0:ffff:10.0.0.1]/":   ErrPrivate,
	"https://[::ffff:93.184.215.14]/":      nil,
	"https://[::127.0.0.1]/":               ErrPrivate,
	"https://[::93.184.215.14]/":           ErrPrivate,
	"https://[64:ff9b::7f00:1]/":           ErrPrivate,
	"https://[64:ff9b::10.0.0.1]/":         ErrPrivate,
	"https://[64:ff9b::93.184.215.14]/":    ErrPrivate,
	"https://[64:ff9b:1::7f00:1]/":         ErrPrivate,
	"https://[64:ff9b:1:7f00:0:100::]/":    ErrPrivate,
	"https://[2002:7f00:1::]/":             ErrPrivate,
	"https://[2002:a00:1::1]/":             ErrPrivate,
	"https://[2002:5db8:d70e::1]/":         ErrPrivate,
	"https://[2001::80ff:fffe]/":           ErrPrivate,
	"https://[2001:0:5db8:d70e::1]/":       ErrPrivate,
	"https://[fe80::1%25eth0]/":            ErrPrivate,
	"https://[::1%25lo]/":                  ErrPrivate,
	"https://[2606:2800:21f:cb07::1%251]/": ErrPrivate,
	"https://2130706433/":                  ErrPrivate,
	"https://2130706433./":                 ErrPrivate,
	"https://0x7f000001/":                  ErrPrivate,
	"https://0X7F.1/":                      ErrPrivate,
	"https://017700000001/":                ErrPrivate,
	"https://0177.0.0.1/":                  ErrPrivate,
	"https://0177.0.0.0x1/":                ErrPrivate,
	"https://127.1/":                       ErrPrivate,
	"https://127.0.1/":                     ErrPrivate,
	"https://127.0.0.01/":                  ErrPrivate,
	"https://010.0.0.1/":                   ErrURL, // 8.0.0.1 in octal
	"https://0/":                           ErrPrivate,
	"https://0x/":                          ErrPrivate,
	"https://0xa9fea9fe/":                  ErrPrivate,
	"https://2852039166/":                  ErrPrivate,
	"https://1572394766/":                  ErrURL, // 93.184.215.14, written to hide it
	"https://4294967296/":                  ErrURL,
	"https://256.0.0.1/":                   ErrURL,
	"https://1.2.3.4.5/":                   ErrURL,
	"https://127.0.0.08/":                  ErrURL,
	"https://public.example.0x7f/":         ErrURL,
	// Disguises of names.
	"https://münchen.de/":                        nil,
	"https://MÜNCHEN.DE/":                        nil,
	"https://xn--mnchen-3ya.de/":                 nil,
	"https://１２７.０.０.１/":                         ErrPrivate,
	"https://127。0。0。1/":                         ErrPrivate,
	"https://127．0．0．1/":                         ErrPrivate,
	"https://127｡0｡0｡1/":                         ErrPrivate,
	"https://①②⑦.⓪.⓪.①/":                         ErrPrivate,
	"https://𝟏𝟐𝟕.𝟎.𝟎.𝟏/":                         ErrPrivate,
	"https://ｌｏｃａｌｈｏｓｔ/":                         ErrPrivate,
	"https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/":                         ErrPrivate,
	"https://local\u00adhost/":                   ErrPrivate, // soft hyphen
	"https://local\u200bhost/":                   ErrPrivate, // no space at all
	"https://localhoſt/":                         ErrPrivate, // long s
	"https://%EF%BC%91%EF%BC%92%EF%BC%97.0.0.1/": ErrPrivate,
	"https://０x７f.1/":                            ErrPrivate,
	"https://inside。example/":                    ErrPrivate,
	"https://[：：1]/":                             ErrURL,
	"https://127.0.0.1％2f.example/":              ErrURL,
	"https://public.example／@127.0.0.1/":         ErrURL,
	"https://public.example？.evil.example/":      ErrURL,
	"https://\u202eelpmaxe.cilbup/":              ErrURL,
}

func TestCheckURL(t *testing.T) {
	t.Parallel()
	if len(vectors) < 60 {
		t.Fatalf("%d vectors alone", len(vectors))
	}
	for url, want := range vectors {
		if err := New(Config{}, names).CheckURL(t.Context(), url); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", url, err, want)
		}
	}
}

// Also where addresses are allowed, each must be written so that all programs
// read it alike.
func TestExceptions(t *testing.T) {
	t.Parallel()
	local := Config{AllowInsecure: true, AllowNetworks: prefixes("127.0.0.0/8", "::1/128", "10.1.0.0/16")}
	for url, want := range map[string]error{
		"http://127.0.0.1:3000/":            nil,
		"http://localhost:3000/":            nil,
		"http://app.localhost:3000/":        nil,
		"http://[::1]:3000/":                nil,
		"http://[::ffff:127.0.0.1]:3000/":   nil,
		"http://inside.example/":            nil,
		"http://mixed.example/":             nil,
		"https://10.2.0.1/":                 ErrPrivate,
		"https://192.168.0.1/":              ErrPrivate,
		"ftp://127.0.0.1/":                  ErrScheme,
		"https://168.63.129.16/":            ErrPrivate,
		"https://mapped.example/":           ErrPrivate,
		"https://[64:ff9b::7f00:1]/":        ErrPrivate,
		"https://[::1%25lo]/":               ErrPrivate,
		"https://2130706433/":               ErrURL,
		"https://127.1/":                    ErrURL,
		"https://" + "１２７.０.０.１" + ":8443/": nil,
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

// A network that needs NAT64 allows it, and nothing private through it.
func TestAllowedDisguises(t *testing.T) {
	t.Parallel()
	g := New(Config{AllowNetworks: prefixes("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96")}, names)
	for url, want := range map[string]error{
		"https://nat64.example/":                 nil,
		"https://hidden.example/":                ErrPrivate,
		"https://[64:ff9b::a9fe:a9fe]/":          ErrPrivate,
		"https://[64:ff9b:1::5db8:d70e]/":        nil,
		"https://[64:ff9b:1:5db8:d7:e00::]/":     nil,
		"https://[64:ff9b:1::7f00:1]/":           ErrPrivate,
		"https://[64:ff9b:1:7f00:0:100::]/":      ErrPrivate,
		"https://[64:ff9b:1:7f00:0:100:5db8:1]/": ErrPrivate,
		"https://[64:ff9b:1::]/":                 ErrPrivate,
		"https://[2002:5db8:d70e::1]/":           nil,
		"https://[2002:a00:1::1]/":               ErrPrivate,
		"https://[2001:0:5db8:d70e::1]/":         ErrPrivate, // the client is 255.255.255.254
		"https://[2001:0:5db8:d70e::a247:28f1]/": nil,
		"https://[2001:0:a00:1::a247:28f1]/":     ErrPrivate,
		"https://[::5db8:d70e]/":                 nil,
		"https://[::a00:1]/":                     ErrPrivate,
	} {
		if err := g.CheckURL(t.Context(), url); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", url, err, want)
		}
	}
}

func TestAllowedHosts(t *testing.T) {
	t.Parallel()
	g := New(Config{AllowHosts: []string{"Inside.Example.", "*.example.internal", "metadata.example", "zoned.example", "localhost", "hidden.example"}}, hosts{
		"inside.example": {"10.1.2.3", "fd00::1"}, "metadata.example": {"169.254.169.254"}, "zoned.example": {"fe80::1%eth0"},
		"a.example.internal": {"192.168.1.1"}, "example.internal": {"192.168.1.1"}, "aexample.internal": {"192.168.1.1"},
		"b.example.internal": {"fd00:ec2::254"}, "c.example.internal": {"0.0.0.0"}, "d.example.internal": {"168.63.129.16"},
		"e.example.internal": {"10.0.0.1", "ff02::1"}, "localhost": {"127.0.0.1"}, "hidden.example": {"64:ff9b::a9fe:a9fe"},
	})
	for url, want := range map[string]error{
		"https://inside.example/":     nil,
		"https://INSIDE.example./":    nil,
		"https://a.example.internal/": nil,
		"https://localhost/":          nil,
		"https://example.internal/":   ErrPrivate,
		"https://aexample.internal/":  ErrPrivate,
		"https://10.1.2.3/":           ErrPrivate,
		"https://metadata.example/":   ErrPrivate,
		"https://zoned.example/":      ErrPrivate,
		"https://hidden.example/":     ErrPrivate,
		"https://b.example.internal/": ErrPrivate,
		"https://c.example.internal/": ErrPrivate,
		"https://d.example.internal/": ErrPrivate,
		"https://e.example.internal/": ErrPrivate,
	} {
		if err := g.CheckURL(t.Context(), url); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", url, err, want)
		}
	}
}

func TestAllowedPorts(t *testing.T) {
	t.Parallel()
	g := New(Config{AllowInsecure: true, AllowPorts: []int{443, 8443}}, names)
	for url, want := range map[string]error{
		"https://public.example/":      nil,
		"https://public.example:443/":  nil,
		"https://public.example:8443/": nil,
		"https://public.example:25/":   ErrURL,
		"http://public.example/":       ErrURL,
		"http://public.example:443/":   nil,
	} {
		if err := g.CheckURL(t.Context(), url); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", url, err, want)
		}
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	for want, cfg := range map[string]Config{
		"":                 {AllowHosts: []string{"a.example", "*.b.example", "MÜNCHEN.de"}, AllowPorts: []int{1, 65535}, AllowNetworks: prefixes("10.0.0.0/8", "fd00::/8")},
		"allow-hosts:":     {AllowHosts: []string{"a.example", "10.0.0.1"}},
		"allow-hosts: ":    {AllowHosts: []string{"*"}},
		"allow-hosts: \"":  {AllowHosts: []string{"a.*.example"}},
		"allow-ports:":     {AllowPorts: []int{0}},
		"allow-ports: ":    {AllowPorts: []int{65536}},
		"allow-networks: ": {AllowNetworks: prefixes("::ffff:10.0.0.0/104")},
	} {
		err := cfg.Validate()
		if want == "" && err != nil || want != "" && (err == nil || !strings.HasPrefix(err.Error(), want)) {
			t.Errorf("%+v: %v, want %q", cfg, err, want)
		}
	}
}

func TestSystemResolverIsTheDefault(t *testing.T) {
	t.Parallel()
	if New(Config{}, nil).resolver != net.DefaultResolver {
		t.Error("another resolver")
	}
}
