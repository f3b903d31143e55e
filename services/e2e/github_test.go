package e2e

import (
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

var buildGitHub = sync.OnceValues(func() (string, error) {
	return build("github-events", "github.com/posthaste/posthaste/pkg/examples/github-events")
})

// GitHub's own examples of all its webhooks arrive byte for byte.
func TestGitHubEvents(t *testing.T) {
	begin(t)
	if _, err := exec.LookPath("npm"); err != nil {
		t.Skip("npm, which fetches the payloads, is not on PATH")
	}
	d := newDev(t)
	d.up(t)
	settings := npmSettings().and(env{"POSTHASTE_API_KEY": d.key})
	p := start(t, "github-events", built(t, buildGitHub), settings, "-api", d.events)
	code := p.exitCode(t)
	if code != 0 && strings.Contains(p.log.String(), "npm pack") {
		t.Skipf("the registry gives no payloads: %s", p.log.String())
	}
	if code != 0 {
		t.Fatalf("exit code %d: %s\n%s", code, p.log.String(), p.out.String())
	}
	lines := strings.Split(strings.TrimSpace(p.out.String()), "\n")
	t.Log(lines[len(lines)-1])
}

// npmSettings are what npm needs of the tests' own environment.
func npmSettings() env {
	kept := env{}
	for _, setting := range os.Environ() {
		name, value, _ := strings.Cut(setting, "=")
		lower := strings.ToLower(name)
		if lower == "home" || strings.HasPrefix(lower, "npm_config_") || strings.HasSuffix(lower, "_proxy") {
			kept[name] = value
		}
	}
	return kept
}
