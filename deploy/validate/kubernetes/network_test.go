package kubernetes

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

func selects(t *testing.T, selector *metav1.LabelSelector, d *appsv1.Deployment) bool {
	t.Helper()
	s, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil {
		t.Fatal(err)
	}
	return s.Matches(labels.Set(d.Spec.Template.Labels))
}

// reaches lists what a pod may open: "<namespace>:<port>" or "internet:any".
func reaches(t *testing.T, policies map[string]*networkingv1.NetworkPolicy, d *appsv1.Deployment) (out, in []string) {
	t.Helper()
	for _, p := range policies {
		if !selects(t, &p.Spec.PodSelector, d) {
			continue
		}
		for _, rule := range p.Spec.Egress {
			out = append(out, ends(rule.To, rule.Ports)...)
		}
		for _, rule := range p.Spec.Ingress {
			in = append(in, ends(rule.From, rule.Ports)...)
		}
	}
	slices.Sort(out)
	slices.Sort(in)
	return slices.Compact(out), slices.Compact(in)
}

func ends(peers []networkingv1.NetworkPolicyPeer, ports []networkingv1.NetworkPolicyPort) (all []string) {
	names := []string{"anywhere"}
	if len(peers) > 0 {
		names = nil
	}
	for _, peer := range peers {
		name := "internet"
		if peer.NamespaceSelector != nil {
			name = peer.NamespaceSelector.MatchLabels[corev1.LabelMetadataName]
		}
		names = append(names, name)
	}
	for _, name := range names {
		if len(ports) == 0 {
			all = append(all, name+":any")
		}
		for _, port := range ports {
			all = append(all, fmt.Sprint(name, ":", port.Port))
		}
	}
	return all
}

func TestPodsReachWhatTheyNeed(t *testing.T) {
	t.Parallel()
	resources := build(t, "base")
	policies := pick[networkingv1.NetworkPolicy](t, resources, "NetworkPolicy")
	deny := policies["deny"]
	if deny == nil || len(deny.Spec.PodSelector.MatchLabels) != 0 || len(deny.Spec.PolicyTypes) != 2 || len(deny.Spec.Ingress)+len(deny.Spec.Egress) != 0 {
		t.Errorf("nothing denies by default: %+v", deny)
	}
	every, api := []string{"kube-system:53", "nats:4222"}, []string{"ingress-nginx:8080", "monitoring:9090"}
	for command, want := range map[string]struct{ out, in []string }{
		"ingest":     {every, api},
		"router":     {every, api[1:]},
		"dispatcher": {append([]string{"internet:any"}, append(slices.Clone(every), "redis:6379")...), api[1:]},
		"control":    {append([]string{"anywhere:5432"}, append(slices.Clone(every), "redis:6379")...), api},
	} {
		out, in := reaches(t, policies, services(t, resources)[command])
		if !slices.Equal(out, want.out) || !slices.Equal(in, want.in) {
			t.Errorf("%s reaches %q and is reached by %q; want %q and %q", command, out, in, want.out, want.in)
		}
	}
}

// A hole here is what the guard in the dispatcher is alone with.
func TestEndpointsAreNotInside(t *testing.T) {
	t.Parallel()
	policy := pick[networkingv1.NetworkPolicy](t, build(t, "base"), "NetworkPolicy")["endpoints"]
	open := func(address string) bool {
		ip := netip.MustParseAddr(address)
		for _, peer := range policy.Spec.Egress[0].To {
			if netip.MustParsePrefix(peer.IPBlock.CIDR).Contains(ip) {
				return !slices.ContainsFunc(peer.IPBlock.Except, func(cidr string) bool { return netip.MustParsePrefix(cidr).Contains(ip) })
			}
		}
		return false
	}
	for _, inside := range []string{"10.96.0.1", "172.20.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "127.0.0.1", "168.63.129.16", "fd00::1", "fe80::1", "::1", "64:ff9b::a00:1", "2002:a00:1::"} {
		if open(inside) {
			t.Errorf("%s can be reached", inside)
		}
	}
	for _, outside := range []string{"1.1.1.1", "93.184.215.14", "172.32.0.1", "2606:4700::1111"} {
		if !open(outside) {
			t.Errorf("%s cannot be reached", outside)
		}
	}
}
