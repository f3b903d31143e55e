package postgrestest

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Server is a PostgreSQL that starts when a test first asks for a database. A
// test binary has one and stops it when its tests have run. The zero value is
// ready.
type Server struct {
	start     sync.Once
	dir       string
	process   *exec.Cmd
	output    bytes.Buffer // written by the process, read when it has ended
	ended     chan struct{}
	err       error
	mu        sync.Mutex
	databases int
}

const (
	owner = "posthaste"
	port  = "5432" // part of the socket's name; nothing listens on the network
	// patience is how long the server may take to start.
	patience = 30 * time.Second
)

// Database makes an empty database and returns its URL. It skips or fails the
// test where PostgreSQL is not installed.
func (s *Server) Database(tb testing.TB) string {
	tb.Helper()
	bin := installed(tb)
	s.start.Do(func() { s.err = s.run(bin) })
	if s.err != nil {
		tb.Fatal(s.err)
	}
	s.mu.Lock()
	s.databases++
	name := "test" + strconv.Itoa(s.databases)
	s.mu.Unlock()
	if err := s.exec(tb.Context(), "CREATE DATABASE "+name); err != nil {
		tb.Fatal(err)
	}
	return s.url(name)
}

// Socket is the address on which the server listens, for a proxy in between.
func (s *Server) Socket() string { return filepath.Join(s.dir, ".s.PGSQL."+port) }

// Stop ends the server and removes what it had.
func (s *Server) Stop() {
	if s.process != nil {
		_ = s.process.Process.Signal(syscall.SIGQUIT) // at once, without saving
		<-s.ended
	}
	if s.dir != "" {
		_ = os.RemoveAll(s.dir)
	}
}

func (s *Server) url(database string) string {
	u := url.URL{Scheme: "postgres", User: url.User(owner), Path: "/" + database}
	u.RawQuery = url.Values{"host": {s.dir}, "port": {port}, "sslmode": {"disable"}}.Encode()
	return u.String()
}

func (s *Server) exec(ctx context.Context, statement string) error {
	conn, err := pgx.Connect(ctx, s.url("postgres"))
	if err != nil {
		return fmt.Errorf("reach PostgreSQL: %w", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, statement); err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	return nil
}

// run makes a cluster and starts the server on it.
func (s *Server) run(bin string) error {
	as, err := account()
	if err != nil {
		return err
	}
	// Not a test's directory: the server's user could not reach that, and the
	// name of a socket may have 107 bytes.
	if s.dir, err = os.MkdirTemp("", "postgres"); err != nil {
		return fmt.Errorf("make a directory for PostgreSQL: %w", err)
	}
	if as != nil {
		if err := os.Chown(s.dir, int(as.Uid), int(as.Gid)); err != nil {
			return fmt.Errorf("give PostgreSQL its directory: %w", err)
		}
	}
	data := filepath.Join(s.dir, "data")
	initdb := s.command(as, filepath.Join(bin, "initdb"), "-D", data, "-U", owner, "-A", "trust", "-E", "UTF8", "--no-sync", "--no-instructions")
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("make a PostgreSQL cluster: %w\n%s", err, out)
	}
	process := s.command(as, filepath.Join(bin, "postgres"), "-D", data, "-k", s.dir, "-p", port,
		"-c", "listen_addresses=", "-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off", "-c", "max_connections=200")
	process.Stdout, process.Stderr = &s.output, &s.output
	if err := process.Start(); err != nil {
		return fmt.Errorf("start PostgreSQL: %w", err)
	}
	s.process, s.ended = process, make(chan struct{})
	go func() { // Stop waits for it
		defer close(s.ended)
		_ = process.Wait()
	}()
	return s.await()
}

func (s *Server) command(as *syscall.Credential, path string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(context.Background(), path, args...) //nolint:gosec // the programs that find found
	cmd.Dir = s.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as}
	return cmd
}

// await returns when the server answers.
func (s *Server) await() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		err := s.exec(ctx, "SELECT 1")
		if err == nil {
			return nil
		}
		select {
		case <-s.ended:
			return fmt.Errorf("PostgreSQL has ended:\n%s", s.output.String())
		case <-ctx.Done():
			return fmt.Errorf("PostgreSQL does not answer: %w", err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}
