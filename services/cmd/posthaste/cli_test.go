package main

import (
	"slices"
	"testing"

	"github.com/posthaste/posthaste/services/cli"
	"github.com/posthaste/posthaste/services/internal/settings"
)

// TestTable holds services and verbs to one name and one type for each setting:
// they share an environment.
func TestTable(t *testing.T) {
	t.Parallel()
	if err := settings.Check(slices.Concat(commands, cli.Commands(cli.Terminal{}))); err != nil {
		t.Error(err)
	}
}
