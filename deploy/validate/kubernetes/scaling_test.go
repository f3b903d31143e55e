package kubernetes

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
)

// scaledObject is what is looked at of KEDA's; the schema holds the rest.
type scaledObject struct {
	Spec struct {
		ScaleTargetRef  struct{ Name string }
		MinReplicaCount int
		MaxReplicaCount int
		Triggers        []struct {
			Type     string
			Metadata map[string]string
		}
	}
}

var (
	busName = regexp.MustCompile(`(?m)^\s+(?:Stream|Consumer|Lane)\w+\s+(?:Lane\s+)?= "(\w+)"`)
	count   = regexp.MustCompile("`(POSTHASTE_[A-Z_]+)` \\| `([0-9]+)` \\|")
)

// defaults are the settings that are a plain number.
func defaults(t *testing.T) map[string]int {
	t.Helper()
	all := make(map[string]int)
	for _, row := range count.FindAllStringSubmatch(read(t, "docs/configuration.md"), -1) {
		all[row[1]], _ = strconv.Atoi(row[2])
	}
	return all
}

func TestKEDAScalesByWhatWaits(t *testing.T) {
	t.Parallel()
	var names []string
	for _, found := range busName.FindAllStringSubmatch(read(t, "services/internal/bus/names.go"), -1) {
		names = append(names, found[1])
	}
	objects := loose[scaledObject](t, build(t, "overlays/keda"), "ScaledObject")
	for command, want := range map[string][]string{
		"ingest":     {"/"},
		"router":     {"EVENTS/router"},
		"dispatcher": {"DELIVERIES/bulk", "DELIVERIES/due", "DELIVERIES/fresh"},
	} {
		o := objects[command]
		if o == nil || o.Spec.ScaleTargetRef.Name != command || o.Spec.MinReplicaCount < 2 {
			t.Fatalf("%s is not scaled: %+v", command, o)
		}
		var got []string
		for _, trigger := range o.Spec.Triggers {
			stream, consumer := trigger.Metadata["stream"], trigger.Metadata["consumer"]
			got = append(got, stream+"/"+consumer)
			if trigger.Type == "cpu" {
				continue
			}
			if trigger.Type != "nats-jetstream" || !slices.Contains(names, stream) || !slices.Contains(names, consumer) {
				t.Errorf("%s: %s has no consumer %s of %s", command, trigger.Type, consumer, stream)
			}
			if !strings.Contains(read(t, "deploy/nats/accounts.conf"), "\n  "+trigger.Metadata["account"]+" {") {
				t.Errorf("%s: there is no account %q", command, trigger.Metadata["account"])
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s is scaled by %q, want %q", command, got, want)
		}
	}
}

// A lag that a pod has in hand anyway must not call for another pod, and all pods
// together must not have the whole window of a lane in hand.
func TestKEDALeavesRoom(t *testing.T) {
	t.Parallel()
	set := defaults(t)
	inHand := set["POSTHASTE_MAX_IN_FLIGHT"] + set["POSTHASTE_DISPATCHER_PREFETCH"]
	if inHand == 0 {
		t.Fatal("docs/configuration.md does not say how many deliveries a dispatcher has in hand")
	}
	objects := loose[scaledObject](t, build(t, "overlays/keda"), "ScaledObject")
	for command, hand := range map[string]int{"dispatcher": inHand, "router": set["POSTHASTE_ROUTER_PREFETCH"]} {
		for _, trigger := range objects[command].Spec.Triggers {
			if threshold, err := strconv.Atoi(trigger.Metadata["lagThreshold"]); err != nil || threshold <= hand {
				t.Errorf("%s: lagThreshold of %s is %q; a busy pod has %d in hand", command, trigger.Metadata["consumer"], trigger.Metadata["lagThreshold"], hand)
			}
		}
	}
	ahead, window := objects["dispatcher"].Spec.MaxReplicaCount*set["POSTHASTE_DISPATCHER_PREFETCH"], set["POSTHASTE_LANE_MAX_ACK_PENDING"]
	if ahead*2 > window {
		t.Errorf("all dispatchers fetch %d ahead; the lane's window is %d", ahead, window)
	}
	if ahead := objects["router"].Spec.MaxReplicaCount * set["POSTHASTE_ROUTER_PREFETCH"]; ahead >= set["POSTHASTE_ROUTER_MAX_ACK_PENDING"] {
		t.Errorf("all routers fetch %d ahead; the window is %d", ahead, set["POSTHASTE_ROUTER_MAX_ACK_PENDING"])
	}
}

// Who scales has the number of pods for himself, in each overlay the same ones.
func TestScalersOwnTheReplicas(t *testing.T) {
	t.Parallel()
	hpa := build(t, "overlays/hpa")
	for name, autoscaler := range pick[autoscalingv2.HorizontalPodAutoscaler](t, hpa, "HorizontalPodAutoscaler") {
		keda := loose[scaledObject](t, build(t, "overlays/keda"), "ScaledObject")[name]
		if keda == nil || autoscaler.Spec.ScaleTargetRef.Name != name || int(autoscaler.Spec.MaxReplicas) != keda.Spec.MaxReplicaCount {
			t.Errorf("%s: the two overlays differ: %+v", name, autoscaler.Spec)
		}
	}
	for _, layer := range layers[1:] {
		for command, d := range services(t, build(t, layer)) {
			if scaled := command != "control"; scaled != (d.Spec.Replicas == nil) {
				t.Errorf("%s: %s has replicas %v", layer, command, d.Spec.Replicas)
			}
		}
	}
}
