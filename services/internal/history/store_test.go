package history

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/settings"
)

func TestReopen(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, cfg Config) {
		t.Helper()
		first, err := Open(t.Context(), cfg, quiet)
		if err != nil {
			t.Fatal(err)
		}
		apply(t, first, post("d", 1, 200))
		if err := first.Close(); err != nil {
			t.Fatal(err)
		}
		if first.Ready(t.Context()) == nil {
			t.Error("ready when closed")
		}
		s := open(t, cfg)
		if err := s.Ready(t.Context()); err != nil {
			t.Error(err)
		}
		if d, _ := get(t, s, "d"); d.Status != StatusDelivered {
			t.Errorf("got %+v", d)
		}
	})
}

func TestRefusesANewerSchema(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, cfg Config) {
		t.Helper()
		s := open(t, cfg)
		if _, err := s.writer.ExecContext(t.Context(), "UPDATE schema_version SET version = 99"); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(t.Context(), cfg, quiet); !errors.Is(err, ErrNewer) || !strings.Contains(err.Error(), "99") {
			t.Errorf("%v, want ErrNewer that says 99", err)
		}
	})
}

// A step that fails leaves nothing of itself and of those before it.
func TestSchemaStepsTogether(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, cfg Config) {
		t.Helper()
		s := open(t, cfg)
		steps := fstest.MapFS{
			"schema/0001.sql": {Data: []byte("not applied again")},
			"schema/0002.sql": {Data: []byte("CREATE TABLE second (a {text}, b {bytes}); CREATE INDEX second_a ON second (a)")},
			"schema/0003.sql": {Data: []byte("CREATE TABLE third (a {text}); DROP TABLE nothing")},
		}
		version := func() string { return fmt.Sprint(rowsOf(t, s, "SELECT version FROM schema_version")) }
		if err := s.migrate(t.Context(), steps); err == nil || !strings.Contains(err.Error(), "0003.sql") || version() != "[[1]]" {
			t.Fatalf("%v at version %s, want an error that names 0003.sql, and 1", err, version())
		}
		steps["schema/0003.sql"] = &fstest.MapFile{Data: []byte("ALTER TABLE second ADD c BIGINT")}
		if err := s.migrate(t.Context(), steps); err != nil || version() != "[[3]]" {
			t.Fatalf("%v at version %s, want 3", err, version())
		}
		if got := rowsOf(t, s, "SELECT a, b, c FROM second"); len(got) != 0 {
			t.Errorf("got %v", got)
		}
	})
}

func TestPruneByAge(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, cfg Config) {
		t.Helper()
		s := open(t, cfg)
		var records, late []*posthastev1.Attempt
		for i := range pruneStep + 10 {
			records = append(records, post(fmt.Sprintf("old%d", i), 1, 500, made(epoch)))
			late = append(late, post(fmt.Sprintf("old%d", i), 2, 200, made(epoch)))
		}
		apply(t, s, records...) // they wait for a while, which leaves an empty count
		apply(t, s, append(late, post("new", 1, 200, made(after(1))))...)
		removed, err := s.Prune(t.Context(), after(1).Add(cfg.MaxAge))
		if err != nil || removed != pruneStep+10 {
			t.Errorf("%d removed, %v; want %d", removed, err, pruneStep+10)
		}
		balance(t, s)
		if got := list(t, s, Query{}); ids(got) != "new" || got.Total != 1 {
			t.Errorf("left are %s", ids(got))
		}
		for table, want := range map[string]string{"attempts": "[1]", "delivery_counts": "[2]"} {
			if got := rowsOf(t, s, "SELECT COUNT(*) FROM "+table); got[0] != want {
				t.Errorf("%s rows of %s are left, want %s", got[0], table, want)
			}
		}
	})
}

func TestPruneBySize(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, cfg Config) {
		t.Helper()
		s := open(t, cfg)
		s.cfg.MaxBytes = settings.MiB // less than may be set, to be quick
		var records []*posthastev1.Attempt
		for i := range 2 * pruneStep {
			records = append(records, post(fmt.Sprintf("d%03d", i), 1, 200, made(after(i)), func(a *posthastev1.Attempt) { a.Answer = make([]byte, 4<<10) }))
		}
		apply(t, s, records...) // nearly 2 MiB
		removed, err := s.Prune(t.Context(), after(0))
		if err != nil || removed != pruneStep { // a step is more than is needed
			t.Errorf("%d removed, %v; want %d", removed, err, pruneStep)
		}
		balance(t, s)
		got := list(t, s, Query{PageSize: MaxPageSize})
		if size, err := s.size(t.Context()); err != nil || size > int64(settings.MiB) || got.Deliveries[len(got.Deliveries)-1].ID != "d200" {
			t.Errorf("%d bytes, %v; the oldest is %s", size, err, got.Deliveries[len(got.Deliveries)-1].ID)
		}
		if removed, err := s.Prune(t.Context(), after(0)); err != nil || removed != 0 {
			t.Errorf("%d more removed, %v", removed, err)
		}
	})
}

func TestReset(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, cfg Config) {
		t.Helper()
		s := open(t, cfg)
		apply(t, s, post("d", 1, 200))
		if err := s.Reset(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, table := range []string{"deliveries", "attempts", "delivery_counts"} {
			if got := rowsOf(t, s, "SELECT * FROM "+table); len(got) != 0 {
				t.Errorf("%s holds %v", table, got)
			}
		}
		apply(t, s, post("d", 1, 200))
	})
}

// The estimate by which the size is bounded is not far from what the file has.
func TestSizeIsLikeTheFile(t *testing.T) {
	t.Parallel()
	cfg := settings.Defaults[Config]()
	cfg.File = t.TempDir() + "/h.db"
	s := open(t, cfg)
	spread := func(i int) (tenant, subscription string) {
		return "tenant0", fmt.Sprintf("evsub_01JZZZZZZZZZZZZZZZZZ%06d", i%50)
	}
	records := make([]*posthastev1.Attempt, 1500)
	for i := range records {
		records[i] = benchRecord(i, spread)
	}
	apply(t, s, records...)
	if _, err := s.writer.ExecContext(t.Context(), "PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(cfg.File)
	if err != nil {
		t.Fatal(err)
	}
	size, err := s.size(t.Context())
	if ratio := float64(size) / float64(info.Size()); err != nil || ratio < 0.75 || ratio > 1.33 {
		t.Errorf("%d bytes by estimate, %d in the file, %v", size, info.Size(), err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("others may read the file: %s", info.Mode())
	}
}

// An address where nobody is: Open waits for as long as it may, and what it
// says in the end names the cause and not the password.
func TestAwayAtTheStart(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	cfg := settings.Defaults[Config]()
	cfg.DatabaseURL = settings.SecretURL("postgres://u:hunter2@" + l.Addr().String() + "/d?sslmode=disable")
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	s, err := Open(ctx, cfg, quiet)
	if err == nil {
		_ = s.Close()
	}
	if err == nil || !strings.Contains(err.Error(), "refused") || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%v, want that the connection was refused", err)
	}
}
