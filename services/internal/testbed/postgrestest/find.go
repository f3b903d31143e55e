package postgrestest

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
)

// installed is the directory of initdb and postgres. Without it the test is
// skipped; but it fails where CI is set, so that nothing goes untested there
// unseen, unless POSTHASTE_TEST_NO_POSTGRES is 1.
func installed(tb testing.TB) string {
	tb.Helper()
	if bin := find(); bin != "" {
		return bin
	}
	const missing = "no PostgreSQL: initdb is neither on PATH nor in /usr/lib/postgresql/*/bin"
	if os.Getenv("CI") != "" && os.Getenv("POSTHASTE_TEST_NO_POSTGRES") != "1" {
		tb.Fatal(missing + "; set POSTHASTE_TEST_NO_POSTGRES=1 to go without")
	}
	tb.Skip(missing)
	return ""
}

func find() string {
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path)
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb") // Debian's place
	if err != nil || len(found) == 0 {
		return ""
	}
	return filepath.Dir(slices.Max(found))
}

// account is whom PostgreSQL runs as: nil for this test's own user, and the
// user postgres where that is root, as which it refuses to run.
func account() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("find a user for PostgreSQL, which refuses to run as root: %w", err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("read uid of %s: %w", u.Username, err)
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("read gid of %s: %w", u.Username, err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}
