package deploytest

import (
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/goccy/go-yaml"
)

// What looks on must not come where nobody asked for it.
func TestComposeObservesWhenAsked(t *testing.T) {
	t.Parallel()
	var got []string
	for name, service := range mustLoad(t).Services {
		if slices.Contains(service.Profiles, "observability") {
			got = append(got, name)
		}
	}
	slices.Sort(got)
	if want := []string{"collector", "grafana", "jaeger", "prometheus"}; !slices.Equal(got, want) {
		t.Errorf("the profile observability has %q, want %q", got, want)
	}
}

// A file that is not there is a directory that Docker makes.
func TestComposeMountsWhatIsThere(t *testing.T) {
	t.Parallel()
	project := mustLoad(t)
	var sources []string
	for _, config := range project.Configs {
		sources = append(sources, config.File)
	}
	for _, service := range project.Services {
		for _, volume := range service.Volumes {
			if volume.Type == types.VolumeTypeBind {
				sources = append(sources, volume.Source)
				if !volume.ReadOnly {
					t.Errorf("%s may write to %s", service.Name, volume.Source)
				}
			}
		}
		for _, config := range service.Configs {
			if _, ok := project.Configs[config.Source]; !ok {
				t.Errorf("%s asks for the config %s", service.Name, config.Source)
			}
		}
	}
	for _, source := range sources {
		if _, err := os.Stat(source); err != nil {
			t.Error(err)
		}
	}
}

// mounted is what the container finds at the path: a file of ours.
func mounted(t *testing.T, project *types.Project, service, path string) string {
	t.Helper()
	s := project.Services[service]
	for _, config := range s.Configs {
		if config.Target == path {
			return project.Configs[config.Source].File
		}
	}
	for _, volume := range s.Volumes {
		if rest, ok := strings.CutPrefix(path, volume.Target); ok {
			return filepath.Join(volume.Source, rest)
		}
	}
	t.Errorf("%s has nothing at %s", service, path)
	return ""
}

// Paths within files that lead to other files, and names that lead to services.
func TestObserversFindEachOther(t *testing.T) {
	t.Parallel()
	project := mustLoad(t)
	for _, want := range []struct{ service, file, path string }{
		{"prometheus", "docker-compose.yml", "/etc/prometheus/prometheus.yaml"},
		{"prometheus", "deploy/observability/prometheus.yaml", "/etc/prometheus/alerts.yaml"},
		{"grafana", "deploy/observability/grafana/dashboards.yaml", "/etc/posthaste/dashboards"},
		{"grafana", "docker-compose.yml", "/etc/posthaste/dashboards/overview.json"},
		{"collector", "docker-compose.yml", "/etc/otelcol/collector.yaml"},
	} {
		if !strings.Contains(read(t, want.file), want.path) {
			t.Errorf("%s does not name %s", want.file, want.path)
		}
		if _, err := os.Stat(mounted(t, project, want.service, want.path)); err != nil {
			t.Errorf("%s: %v", want.service, err)
		}
	}
	hosts := regexp.MustCompile(`(?m)(?:endpoint: |url: "http://)([a-z]+:[0-9]+)`)
	for _, file := range []string{"collector.yaml", "grafana/datasources.yaml"} {
		found := hosts.FindAllStringSubmatch(read(t, "deploy/observability/"+file), -1)
		if len(found) == 0 {
			t.Errorf("%s leads nowhere", file)
		}
		for _, match := range found {
			host, _, err := net.SplitHostPort(match[1])
			if _, ok := project.Services[host]; err != nil || !ok {
				t.Errorf("%s leads to %s, which is no service", file, match[1])
			}
		}
	}
}

func TestPrometheusScrapesEachService(t *testing.T) {
	t.Parallel()
	var config struct {
		Scrape []struct {
			Job string `yaml:"job_name"`
			DNS []struct {
				Names []string `yaml:"names"`
				Port  int      `yaml:"port"`
			} `yaml:"dns_sd_configs"`
		} `yaml:"scrape_configs"`
	}
	if err := yaml.Unmarshal([]byte(read(t, "deploy/observability/prometheus.yaml")), &config); err != nil {
		t.Fatal(err)
	}
	if len(config.Scrape) != 1 || config.Scrape[0].Job != "posthaste" || len(config.Scrape[0].DNS) != 1 {
		t.Fatalf("jobs are %+v, want posthaste alone", config.Scrape)
	}
	if got := config.Scrape[0].DNS[0]; !slices.Equal(got.Names, commands) || got.Port != 9090 {
		t.Errorf("it asks %q at port %d", got.Names, got.Port)
	}
}

// A pipeline that names a component which is not there stops the collector's start.
func TestCollectorHasWhatItsPipelinesName(t *testing.T) {
	t.Parallel()
	type components = map[string]any
	var config struct {
		Extensions components `yaml:"extensions"`
		Receivers  components `yaml:"receivers"`
		Processors components `yaml:"processors"`
		Exporters  components `yaml:"exporters"`
		Service    struct {
			Extensions []string `yaml:"extensions"`
			Pipelines  map[string]struct {
				Receivers  []string `yaml:"receivers"`
				Processors []string `yaml:"processors"`
				Exporters  []string `yaml:"exporters"`
			} `yaml:"pipelines"`
		} `yaml:"service"`
	}
	if err := yaml.UnmarshalWithOptions([]byte(read(t, "deploy/observability/collector.yaml")), &config, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	check := func(where string, names []string, defined components) {
		for _, name := range names {
			if _, ok := defined[name]; !ok {
				t.Errorf("%s names %s, which is not there", where, name)
			}
		}
	}
	check("service", config.Service.Extensions, config.Extensions)
	for name, p := range config.Service.Pipelines {
		check(name, p.Receivers, config.Receivers)
		check(name, p.Processors, config.Processors)
		check(name, p.Exporters, config.Exporters)
		if len(p.Receivers) == 0 || len(p.Exporters) == 0 || len(p.Processors) == 0 || p.Processors[0] != "memory_limiter" {
			t.Errorf("%s: %+v; want the memory limiter first", name, p)
		}
	}
	if _, ok := config.Service.Pipelines["traces"]; !ok {
		t.Error("no pipeline for traces")
	}
}
