package receivers

import (
	"fmt"
	"path"
	"strings"
)

// The receivers there are.
const (
	Neiracore     = "neiracore"
	AICityExpress = "aicity-express"
	AICityHono    = "aicity-hono"
	AgentRail     = "agentrail"
)

// Names are the names of all receivers, as Start takes them.
func Names() []string {
	var names []string
	for _, k := range kinds() {
		names = append(names, k.name)
	}
	return names
}

// A kind is a receiver that can be started.
type kind struct {
	name   string
	script string // from the top of files
	env    string // the variable that holds the secret
	npm    bool   // package.json and its lock file lie beside the script
}

func (k kind) dir() string { return path.Dir(k.script) }

func kinds() []kind {
	return []kind{
		{name: Neiracore, script: "neiracore/server.mjs", env: "NEIRACORE_WEBHOOK_SECRET"},
		{name: AICityExpress, script: "aicity/express.mjs", env: "WEBHOOK_SECRET", npm: true},
		{name: AICityHono, script: "aicity/hono.mjs", env: "WEBHOOK_SECRET", npm: true},
		{name: AgentRail, script: "agentrail/express.mjs", env: "AGENTRAIL_WEBHOOK_SECRET", npm: true},
	}
}

func find(name string) (kind, error) {
	for _, k := range kinds() {
		if k.name == name {
			return k, nil
		}
	}
	return kind{}, fmt.Errorf("no receiver is named %q: there are %s", name, strings.Join(Names(), ", "))
}
