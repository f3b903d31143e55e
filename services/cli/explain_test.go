package cli

import (
	"bytes"
	"context"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// names resolves to lists of addresses.
type names map[string][]netip.Addr

func (n names) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	if addrs, ok := n[host]; ok {
		return addrs, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
}

func TestExplainURL(t *testing.T) {
	t.Parallel()
	known := names{
		"mixed.example": {netip.MustParseAddr("93.184.215.14"), netip.MustParseAddr("10.0.0.1")},
		"fine.example":  {netip.MustParseAddr("93.184.215.14")},
	}
	const private = "posthaste: refused: Webhook URL must not resolve to a private or reserved IP address\n"
	for args, want := range map[string]result{
		"https://Fine.Example./x": {0, "https://fine.example/x\nADDRESS        WOULD BE  RULE\n93.184.215.14  dialled   public\n", ""},
		"https://mixed.example/": {
			1, "https://mixed.example/\nADDRESS        WOULD BE  RULE\n93.184.215.14  dialled   public\n10.0.0.1       refused   private 10.0.0.0/8\n", private,
		},
		"https://mixed.example/ --allow-networks 10.0.0.0/8 --json": {
			0, `{"url":"https://mixed.example/","allowed":true,"addresses":[{"address":"93.184.215.14","allowed":true,"rule":"public"},` +
				`{"address":"10.0.0.1","allowed":true,"rule":"allow-networks 10.0.0.0/8"}]}` + "\n", "",
		},
		"https://mixed.example/ --allow-hosts *.example": {
			0, "https://mixed.example/\nADDRESS        WOULD BE  RULE\n93.184.215.14  dialled   public\n10.0.0.1       dialled   allow-hosts *.example\n", "",
		},
		"https://localhost/ --json": {
			1, `{"url":"https://localhost/","allowed":false,"error":"Webhook URL must not resolve to a private or reserved IP address",` +
				`"addresses":[{"allowed":false,"rule":"localhost is this machine"}]}` + "\n", private,
		},
		"https://0x7f.1/":                            {1, "https://0x7f.1/\n", private},
		"http://fine.example/":                       {1, "http://fine.example/\n", "posthaste: refused: Webhook URL must use HTTPS\n"},
		"https://fine.example:25/ --allow-ports 443": {1, "https://fine.example:25/\n", "posthaste: refused: not the URL of an endpoint: its port 25 is not one of [443] (allow-ports)\n"},
		"https://unknown.example/": {
			1, "https://unknown.example/\n", "posthaste: refused: Webhook URL hostname could not be resolved: lookup unknown.example: no such host\n",
		},
		"": {2, "", "posthaste: explain-url: argument <url> is not given, expected text\n"},
		"https://x.example/ --allow-hosts 10.0.0.1": {2, "", "posthaste: allow-hosts: \"10.0.0.1\" is an address; use allow-networks\n"},
	} {
		var out, errs bytes.Buffer
		code := runTo(t.Context(), t, nil, Terminal{In: strings.NewReader(""), Out: &out, Err: &errs, Resolver: known}, append([]string{"explain-url"}, strings.Fields(args)...)...)
		if diff := cmp.Diff(want, result{code, out.String(), errs.String()}, cmp.AllowUnexported(result{})); diff != "" {
			t.Errorf("%s\n%s", args, diff)
		}
	}
}
