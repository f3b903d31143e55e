package deploytest

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/nats-io/nats-server/v2/server"
)

// commands are those that may run in a container of their own.
var commands = []string{"ingest", "router", "dispatcher", "control"}

func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root(t), path))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func load(t *testing.T, env ...string) (*types.Project, error) {
	t.Helper()
	options, err := cli.NewProjectOptions(
		[]string{filepath.Join(root(t), "docker-compose.yml")},
		cli.WithWorkingDirectory(root(t)),
		cli.WithEnv(env),
		cli.WithDiscardEnvFile,
		cli.WithProfiles([]string{"observability"}),
	)
	if err != nil {
		t.Fatal(err)
	}
	return options.LoadProject(t.Context())
}

func mustLoad(t *testing.T) *types.Project {
	t.Helper()
	project, err := load(t, "POSTHASTE_API_KEY=test", "POSTHASTE_ENCRYPTION_KEYS=test")
	if err != nil {
		t.Fatalf("load docker-compose.yml: %v", err)
	}
	return project
}

// ours says whether the service runs our binary.
func ours(service types.ServiceConfig) bool { return service.Build != nil }

func TestComposeNeedsKeys(t *testing.T) {
	t.Parallel()
	given := []string{"POSTHASTE_API_KEY=test", "POSTHASTE_ENCRYPTION_KEYS=test"}
	for i, missing := range []string{"POSTHASTE_API_KEY", "POSTHASTE_ENCRYPTION_KEYS"} {
		for _, env := range [][]string{{given[1-i]}, {given[1-i], missing + "="}} {
			if _, err := load(t, env...); err == nil || !strings.Contains(err.Error(), missing) {
				t.Errorf("with environment %q: got error %v, want one that names %s", env, err, missing)
			}
		}
	}
}

func TestComposeRunsEachServiceOnce(t *testing.T) {
	t.Parallel()
	var got []string
	for name, service := range mustLoad(t).Services {
		if !ours(service) {
			continue
		}
		if len(service.Command) != 1 || service.Command[0] != name {
			t.Errorf("service %s runs %q, want [%s]", name, service.Command, name)
			continue
		}
		if service.Build.Dockerfile != "deploy/Dockerfile" {
			t.Errorf("service %s is built from %q", name, service.Build.Dockerfile)
		}
		got = append(got, name)
	}
	slices.Sort(got)
	if want := slices.Sorted(slices.Values(commands)); !slices.Equal(got, want) {
		t.Errorf("services of ours: %q, want %q", got, want)
	}
}

func TestComposeGivesNoPrivileges(t *testing.T) {
	t.Parallel()
	for name, service := range mustLoad(t).Services {
		if service.Privileged {
			t.Errorf("%s is privileged", name)
		}
		if !service.ReadOnly {
			t.Errorf("%s may write its file system: want read_only", name)
		}
		if !slices.Equal(service.CapDrop, []string{"ALL"}) || len(service.CapAdd) != 0 {
			t.Errorf("%s: cap_drop %q, cap_add %q; want all dropped, none added", name, service.CapDrop, service.CapAdd)
		}
		if !slices.Contains(service.SecurityOpt, "no-new-privileges:true") {
			t.Errorf("%s: security_opt %q, want no-new-privileges:true", name, service.SecurityOpt)
		}
		for _, mode := range []string{service.NetworkMode, service.Pid, service.Ipc} {
			if mode == "host" {
				t.Errorf("%s shares a namespace with the host", name)
			}
		}
		for _, volume := range service.Volumes {
			if strings.Contains(volume.Source, "docker.sock") {
				t.Errorf("%s is given Docker's socket", name)
			}
		}
	}
}

func TestComposePublishesOnLoopbackOnly(t *testing.T) {
	t.Parallel()
	published := map[string]string{}
	for name, service := range mustLoad(t).Services {
		for _, port := range service.Ports {
			if port.HostIP != "127.0.0.1" {
				t.Errorf("%s publishes port %s on %q, want 127.0.0.1", name, port.Published, port.HostIP)
			}
			if other, taken := published[port.Published]; taken {
				t.Errorf("port %s is published by both %s and %s", port.Published, other, name)
			}
			published[port.Published] = name
		}
	}
	for port, name := range map[string]string{"8080": "ingest", "8081": "control", "4222": "nats"} {
		if published[port] != name {
			t.Errorf("port %s is published by %q, want %s", port, published[port], name)
		}
	}
}

// A published port or a fixed name can be had only once.
func TestComposeCanScaleTheDispatcher(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"router", "dispatcher"} {
		service := mustLoad(t).Services[name]
		if len(service.Ports) != 0 || service.ContainerName != "" {
			t.Errorf("%s: ports %v, container_name %q; want neither", name, service.Ports, service.ContainerName)
		}
	}
}

func TestComposeGivesTheKeyOnlyWhereItIsChecked(t *testing.T) {
	t.Parallel()
	for name, service := range mustLoad(t).Services {
		if _, has := service.Environment["POSTHASTE_ENCRYPTION_KEYS"]; has != (ours(service) && name != "router") {
			t.Errorf("%s is given the encryption keys: %t", name, has)
		}
		_, has := service.Environment["POSTHASTE_API_KEY"]
		if want := name == "ingest" || name == "control"; has != want {
			t.Errorf("%s is given the API key: %t, want %t", name, has, want)
		}
	}
}

func TestComposeWaitsForWhatReportsHealth(t *testing.T) {
	t.Parallel()
	project := mustLoad(t)
	for name, service := range project.Services {
		for on, dependency := range service.DependsOn {
			if dependency.Condition == types.ServiceConditionHealthy && project.Services[on].HealthCheck == nil {
				t.Errorf("%s waits for %s to be healthy, which never says so", name, on)
			}
		}
		if _, waits := service.DependsOn["nats"]; ours(service) && !waits {
			t.Errorf("%s does not wait for nats", name)
		}
	}
}

// Docker must not kill a service that is still draining.
func TestComposeStopsAfterTheGrace(t *testing.T) {
	t.Parallel()
	for name, service := range mustLoad(t).Services {
		if !ours(service) {
			continue
		}
		var grace types.Duration
		if err := grace.DecodeMapstructure(*service.Environment["POSTHASTE_GRACE"]); err != nil {
			t.Errorf("%s: POSTHASTE_GRACE: %v", name, err)
			continue
		}
		if service.StopGracePeriod == nil || *service.StopGracePeriod <= grace {
			t.Errorf("%s: stop_grace_period %v must be longer than POSTHASTE_GRACE %v", name, service.StopGracePeriod, grace)
		}
	}
}

var setting = regexp.MustCompile(`\bPOSTHASTE_[A-Z0-9_]*[A-Z0-9]\b`)

// A misspelt setting is one that silently has no effect.
func TestDeployUsesKnownSettings(t *testing.T) {
	t.Parallel()
	const page = "docs/configuration.md"
	if _, err := os.Stat(filepath.Join(root(t), page)); errors.Is(err, fs.ErrNotExist) {
		t.Skipf("%s is not there to compare with", page)
	}
	known := setting.FindAllString(read(t, page), -1)
	if len(known) == 0 {
		t.Fatalf("%s names no setting", page)
	}
	for _, path := range []string{"docker-compose.yml", "deploy/Dockerfile", "deploy/kubernetes/base/settings.env"} {
		for _, name := range setting.FindAllString(read(t, path), -1) {
			if !slices.Contains(known, name) {
				t.Errorf("%s uses %s, which %s does not know", path, name, page)
			}
		}
	}
}

// The server itself reads the file, so a typing error shows here and not at the first start.
func TestNATSConfig(t *testing.T) {
	t.Parallel()
	options, err := server.ProcessConfigFile(filepath.Join(root(t), "deploy", "nats.conf"))
	if err != nil {
		t.Fatalf("read deploy/nats.conf: %v", err)
	}
	if !options.JetStream {
		t.Error("JetStream is off")
	}
	if options.MaxPayload < 1<<20 || options.MaxPayload > 8<<20 {
		t.Errorf("max_payload is %d bytes, want 1 to 8 MiB: less refuses events, more stalls the server", options.MaxPayload)
	}
	if int64(options.MaxPayload) > options.MaxPending {
		t.Errorf("max_payload %d is over max_pending %d", options.MaxPayload, options.MaxPending)
	}
	nats := mustLoad(t).Services["nats"]
	if !slices.ContainsFunc(nats.Volumes, func(volume types.ServiceVolumeConfig) bool {
		return volume.Type == types.VolumeTypeVolume && volume.Source != "" && volume.Target == options.StoreDir
	}) {
		t.Errorf("store_dir %q is on no named volume: streams would go with the container", options.StoreDir)
	}
}

// Redis must refuse rather than forget, and needs no disk.
func TestRedisKeepsWhatItPromised(t *testing.T) {
	t.Parallel()
	command := strings.Join(mustLoad(t).Services["redis"].Command, " ")
	for _, want := range []string{"--appendonly no", "--maxmemory-policy noeviction", "--maxmemory "} {
		if !strings.Contains(command, want) {
			t.Errorf("redis runs %q, want %q in it", command, want)
		}
	}
}

func TestDockerfileRunsOurBinaryAsNobody(t *testing.T) {
	t.Parallel()
	text := read(t, "deploy/Dockerfile")
	for _, want := range []string{
		`ENTRYPOINT ["/usr/local/bin/posthaste"]`,
		"USER 65532:65532",
		"./services/cmd/posthaste",
		"services/internal/version.Version=",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("deploy/Dockerfile: no %q", want)
		}
	}
}

// What make image-check weighs must be what the image has in it.
func TestImageCheckBuildsAsTheDockerfile(t *testing.T) {
	t.Parallel()
	makefile, dockerfile := read(t, "Makefile"), read(t, "deploy/Dockerfile")
	for _, want := range []string{"CGO_ENABLED=0", "-s -w ", "go build -trimpath -buildvcs=false"} {
		if !strings.Contains(makefile, want) || !strings.Contains(dockerfile, want) {
			t.Errorf("%q is in Makefile: %t, in deploy/Dockerfile: %t; want both", want, strings.Contains(makefile, want), strings.Contains(dockerfile, want))
		}
	}
}
