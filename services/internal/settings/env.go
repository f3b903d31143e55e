package settings

import (
	"regexp"
	"slices"
	"strings"
)

// testPrefix starts the variables of the project's own tests.
const testPrefix = EnvPrefix + "TEST_"

// serviceLink finds the variables that Kubernetes puts into each container for
// every service in the namespace, here for services called posthaste-…
// https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
var serviceLink = regexp.MustCompile(`^` + EnvPrefix + `([A-Z0-9_]+_)?` +
	`(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$`)

// readEnv takes the settings out of an environment of NAME=value lines. As in a
// shell the last of two equal names counts. An empty value counts as unset:
// compose files produce them.
func (t *table) readEnv(environ []string) (map[string]statement, error) {
	names := map[string]string{}
	candidates := make([]string, 0, len(t.owners))
	for setting := range t.owners {
		names[envName(setting)] = setting
		candidates = append(candidates, envName(setting))
	}
	said, strange := map[string]statement{}, []string{}
	for _, line := range environ {
		env, value, _ := strings.Cut(line, "=")
		setting, known := names[env]
		switch {
		case !strings.HasPrefix(env, EnvPrefix):
		case known && value == "":
			delete(said, setting)
		case known:
			said[setting] = statement{where: "environment " + env, texts: []string{value}}
		case value != "" && !strings.HasPrefix(env, testPrefix) && !serviceLink.MatchString(env):
			strange = append(strange, env)
		}
	}
	if len(strange) > 0 {
		first := slices.Min(strange)
		return nil, unknown("environment "+first, nearest(first, candidates))
	}
	return said, nil
}
