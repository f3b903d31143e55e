package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	// What posthaste is made of. Go's test cache does not see what a test
	// builds; by this import it sees a change there all the same.
	_ "github.com/posthaste/posthaste/services/allinone"
)

// binaries are built once for all tests, in a directory that TestMain removes.
var binaries struct {
	sync.Mutex
	dir string
}

var (
	buildPosthaste = sync.OnceValues(func() (string, error) { return build("posthaste", "../cmd/posthaste", raceFlags...) })
	// nats-server is no code of ours: without -race it starts faster.
	buildNATS = sync.OnceValues(func() (string, error) { return build("nats-server", "github.com/nats-io/nats-server/v2") })
)

func build(name, pkg string, flags ...string) (string, error) {
	dir, err := binaryDir()
	if err != nil {
		return "", err
	}
	out := filepath.Join(dir, name)
	args := append([]string{"build", "-buildvcs=false", "-o", out}, flags...)
	if text, err := exec.Command("go", append(args, pkg)...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build %s: %w\n%s", pkg, err, text)
	}
	return out, nil
}

func binaryDir() (string, error) {
	binaries.Lock()
	defer binaries.Unlock()
	if binaries.dir != "" {
		return binaries.dir, nil
	}
	var err error
	binaries.dir, err = os.MkdirTemp("", "posthaste-e2e-")
	return binaries.dir, err
}

func posthaste(t *testing.T) string {
	t.Helper()
	// The cache sees files that a test reads: a main package can't be imported.
	sources, err := filepath.Glob("../cmd/posthaste/*.go")
	if err != nil || len(sources) == 0 {
		t.Fatalf("find the sources of posthaste: %v", err)
	}
	for _, source := range sources {
		if _, err := os.ReadFile(source); err != nil {
			t.Fatal(err)
		}
	}
	return built(t, buildPosthaste)
}

func built(t *testing.T, build func() (string, error)) string {
	t.Helper()
	binary, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return binary
}
