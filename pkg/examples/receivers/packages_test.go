package receivers

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// What npm installs is what package.json names, checked by its hash, and from
// wherever the reader's npm gets its packages.
func TestLockFiles(t *testing.T) {
	t.Parallel()
	for _, k := range kinds() {
		if !k.npm {
			continue
		}
		var named manifest
		var lock struct{ Packages map[string]manifest }
		read(t, packageFiles(k.dir())[0], &named)
		read(t, packageFiles(k.dir())[1], &lock)
		if !maps.Equal(named.Dependencies, lock.Packages[""].Dependencies) {
			t.Errorf("%s: the lock file has %v, package.json %v", k.dir(), lock.Packages[""].Dependencies, named.Dependencies)
		}
		delete(lock.Packages, "")
		if len(lock.Packages) < len(named.Dependencies) {
			t.Errorf("%s: %d packages are locked", k.dir(), len(lock.Packages))
		}
		for name, p := range lock.Packages {
			if !strings.HasPrefix(p.Integrity, "sha512-") {
				t.Errorf("%s: %s has the hash %q", k.dir(), name, p.Integrity)
			}
			if p.Resolved != "" && !strings.HasPrefix(p.Resolved, "https://registry.npmjs.org/") {
				t.Errorf("%s: %s comes from %s", k.dir(), name, p.Resolved)
			}
			if p.HasInstallScript {
				t.Errorf("%s: %s wants to run a script, and none is run", k.dir(), name)
			}
		}
	}
}

type manifest struct {
	Dependencies        map[string]string
	Integrity, Resolved string
	HasInstallScript    bool
}

func read(t *testing.T, name string, into any) {
	t.Helper()
	text, err := files.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

func TestNoNPM(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	i := &installer{cache: t.TempDir()}
	if _, err := i.install(t.Context(), "agentrail"); !errors.Is(err, ErrNoPackages) {
		t.Errorf("got %v", err)
	}
}

// A registry that refuses connections: the first port is nobody's.
func TestNoRegistry(t *testing.T) {
	needNPM(t)
	t.Setenv("npm_config_registry", "http://127.0.0.1:1/")
	t.Setenv("npm_config_cache", t.TempDir())
	i := &installer{cache: t.TempDir()}
	_, first := i.install(t.Context(), "agentrail")
	if !errors.Is(first, ErrNoPackages) {
		t.Fatalf("got %v", first)
	}
	if left, err := os.ReadDir(i.cache); err != nil || len(left) > 0 {
		t.Errorf("left %v, %v", left, err)
	}
	// Not asked again: now there is not even npm.
	t.Setenv("PATH", t.TempDir())
	if _, second := i.install(t.Context(), "agentrail"); !errors.Is(second, first) {
		t.Errorf("then %v", second)
	}
}

// A lock file that is not of its package.json is ours to mend: no test may be skipped for it.
func TestRefusedFilesAreNotSkipped(t *testing.T) {
	t.Parallel()
	gone := errors.New("exit status 1")
	for said, skip := range map[string]bool{
		"npm error code EUSAGE\nnpm error":   false,
		"npm ERR! code EINTEGRITY":           false,
		"npm error code ENOTFOUND":           true,
		"npm error code E403\nnpm error 403": true,
		"":                                   true,
	} {
		if err := refused("agentrail", gone, said); errors.Is(err, ErrNoPackages) != skip || !errors.Is(err, gone) {
			t.Errorf("%q: %v", said, err)
		}
	}
}

func TestInstallStops(t *testing.T) {
	t.Parallel()
	needNPM(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	i := &installer{cache: t.TempDir()}
	if _, err := i.install(ctx, "agentrail"); !errors.Is(err, context.Canceled) || errors.Is(err, ErrNoPackages) {
		t.Errorf("got %v", err)
	}
	if len(i.failed) > 0 {
		t.Errorf("a caller that gave up is remembered: %v", i.failed)
	}
}

// Whoever installs first has installed for all.
func TestMove(t *testing.T) {
	t.Parallel()
	home := filepath.Join(t.TempDir(), "home")
	for _, who := range []string{"first", "second"} {
		work := filepath.Join(t.TempDir(), who)
		if err := os.MkdirAll(filepath.Join(work, modulesDir, who), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := move(work, home); err != nil {
			t.Errorf("%s: %v", who, err)
		}
	}
	if _, err := os.Stat(filepath.Join(home, modulesDir, "first")); err != nil {
		t.Error(err)
	}
	if err := move(filepath.Join(t.TempDir(), "nothing"), filepath.Join(t.TempDir(), "there")); err == nil {
		t.Error("nothing was moved, without an error")
	}
}

func needNPM(t *testing.T) {
	t.Helper()
	skipWithoutNode(t)
	if _, err := exec.LookPath("npm"); err != nil {
		t.Skip("npm is not on PATH")
	}
}
