package kubernetes

import (
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
)

// environment is what the container is given: settings.env, then its own.
func environment(t *testing.T, shared map[string]string, d *appsv1.Deployment) map[string]string {
	t.Helper()
	env := make(map[string]string)
	for _, from := range container(d).EnvFrom {
		if from.ConfigMapRef == nil || !strings.HasPrefix(from.ConfigMapRef.Name, "settings-") {
			t.Errorf("%s takes settings from %+v", d.Name, from)
		}
		for name, value := range shared {
			env[name] = value
		}
	}
	for _, v := range container(d).Env {
		env[v.Name] = v.Value
	}
	return env
}

// sharedSettings are those of settings.env.
func sharedSettings(t *testing.T) map[string]string {
	t.Helper()
	for name, m := range pick[corev1.ConfigMap](t, build(t, "base"), "ConfigMap") {
		if strings.HasPrefix(name, "settings-") {
			return m.Data
		}
	}
	t.Fatal("no ConfigMap of settings")
	return nil
}

func TestPodsHaveKnownSettings(t *testing.T) {
	t.Parallel()
	known, shared := settings(t), sharedSettings(t)
	for name := range shared {
		checkSetting(t, known, "settings.env", "", name)
	}
	for command, d := range services(t, build(t, "base")) {
		for _, v := range container(d).Env {
			checkSetting(t, known, command, command, v.Name)
			if v.ValueFrom != nil {
				t.Errorf("%s: %s is a variable that holds a secret; mount a file", command, v.Name)
			}
		}
		// A Service's variables, such as POSTHASTE_INGEST_PORT, would be unknown settings.
		if links := d.Spec.Template.Spec.EnableServiceLinks; links == nil || *links {
			t.Errorf("%s: enableServiceLinks is not false", command)
		}
	}
}

// secretFiles are the paths of all that is mounted, and of which key.
func secretFiles(d *appsv1.Deployment) map[string]string {
	files := make(map[string]string)
	for _, mount := range container(d).VolumeMounts {
		for _, volume := range d.Spec.Template.Spec.Volumes {
			if volume.Name != mount.Name || volume.Projected == nil {
				continue
			}
			for _, source := range volume.Projected.Sources {
				for _, item := range source.Secret.Items {
					files[path.Join(mount.MountPath, item.Path)] = source.Secret.Name + "/" + item.Key
				}
			}
		}
	}
	return files
}

// Each service is given the secrets that it needs and no others.
func TestPodsHaveTheirSecretsOnly(t *testing.T) {
	t.Parallel()
	want := map[string][]string{
		"ingest":     {"keys/api-key", "keys/encryption-keys", "nats-passwords/ingest"},
		"router":     {"nats-passwords/router"},
		"dispatcher": {"keys/encryption-keys", "nats-passwords/dispatcher", "redis/url"},
		"control":    {"database/url", "keys/api-key", "keys/encryption-keys", "nats-passwords/control", "redis/url"},
	}
	for command, d := range services(t, build(t, "base")) {
		var got []string
		files := secretFiles(d)
		for name, value := range environment(t, sharedSettings(t), d) {
			if !strings.HasSuffix(name, "_FILE") {
				continue
			}
			if files[value] == "" {
				t.Errorf("%s: nothing is mounted at %s of %s", command, value, name)
			}
			got = append(got, files[value])
		}
		slices.Sort(got)
		if !slices.Equal(got, want[command]) || len(files) != len(want[command]) {
			t.Errorf("%s has the secrets %q of %v, want %q", command, got, files, want[command])
		}
	}
}

// Only control's NATS user may make streams; the others must wait for them.
func TestPodsProvisionWhereTheyMay(t *testing.T) {
	t.Parallel()
	for command, d := range services(t, build(t, "base")) {
		env := environment(t, sharedSettings(t), d)
		if waits := env["POSTHASTE_PROVISION"] == "false"; waits == (command == "control") {
			t.Errorf("%s: POSTHASTE_PROVISION is %q", command, env["POSTHASTE_PROVISION"])
		}
		if env["POSTHASTE_NATS_USER"] != command || !strings.Contains(read(t, "deploy/nats/accounts.conf"), "user: "+command+"\n") {
			t.Errorf("%s logs in as %q", command, env["POSTHASTE_NATS_USER"])
		}
	}
}

func TestPodsMayDoNothingElse(t *testing.T) {
	t.Parallel()
	for command, d := range services(t, build(t, "base")) {
		pod, c := d.Spec.Template.Spec, container(d)
		if s := pod.SecurityContext; s == nil || s.RunAsNonRoot == nil || !*s.RunAsNonRoot || s.RunAsUser == nil || *s.RunAsUser == 0 ||
			s.SeccompProfile == nil || s.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault {
			t.Errorf("%s: the pod's securityContext is %+v", command, s)
		}
		if s := c.SecurityContext; s == nil || s.AllowPrivilegeEscalation == nil || *s.AllowPrivilegeEscalation ||
			s.ReadOnlyRootFilesystem == nil || !*s.ReadOnlyRootFilesystem ||
			s.Capabilities == nil || !slices.Equal(s.Capabilities.Drop, []corev1.Capability{"ALL"}) || len(s.Capabilities.Add) != 0 {
			t.Errorf("%s: the container's securityContext is %+v", command, s)
		}
		if pod.AutomountServiceAccountToken == nil || *pod.AutomountServiceAccountToken {
			t.Errorf("%s has a token for the Kubernetes API", command)
		}
		if pod.HostNetwork || pod.HostPID || pod.HostIPC {
			t.Errorf("%s shares a namespace with its node", command)
		}
		if c.Resources.Requests.Cpu().IsZero() || c.Resources.Requests.Memory().IsZero() || c.Resources.Limits.Memory().IsZero() {
			t.Errorf("%s: resources are %+v", command, c.Resources)
		}
	}
}

func TestPodsAreProbedAndDrain(t *testing.T) {
	t.Parallel()
	for command, d := range services(t, build(t, "base")) {
		pod, c := d.Spec.Template.Spec, container(d)
		for path, probe := range map[string]*corev1.Probe{"/healthz": c.LivenessProbe, "/readyz": c.ReadinessProbe} {
			if probe == nil || probe.HTTPGet == nil || probe.HTTPGet.Path != path || probe.HTTPGet.Port.String() != "admin" {
				t.Errorf("%s: the probe of %s is %+v", command, path, probe)
			}
		}
		grace, err := time.ParseDuration(environment(t, sharedSettings(t), d)["POSTHASTE_GRACE"])
		if err != nil {
			t.Errorf("%s: POSTHASTE_GRACE: %v", command, err)
		}
		if c.Lifecycle != nil {
			grace += time.Duration(c.Lifecycle.PreStop.Sleep.Seconds) * time.Second
		}
		if pod.TerminationGracePeriodSeconds == nil || time.Duration(*pod.TerminationGracePeriodSeconds)*time.Second <= grace+time.Second {
			t.Errorf("%s: is killed after %v s; it drains for %v", command, pod.TerminationGracePeriodSeconds, grace)
		}
	}
}

func TestBudgetsSelectThePods(t *testing.T) {
	t.Parallel()
	resources := build(t, "base")
	budgets := pick[policyv1.PodDisruptionBudget](t, resources, "PodDisruptionBudget")
	for command, d := range services(t, resources) {
		b := budgets[command]
		if b == nil || b.Spec.MaxUnavailable == nil || b.Spec.MaxUnavailable.IntValue() != 1 || !selects(t, b.Spec.Selector, d) {
			t.Errorf("%s: the budget is %+v", command, b)
		}
	}
}
