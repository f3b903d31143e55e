package postgrestest

import (
	"os"
	"testing"

	"github.com/jackc/pgx/v5"
)

func TestDatabases(t *testing.T) {
	t.Parallel()
	var s Server
	t.Cleanup(s.Stop)
	for _, url := range []string{s.Database(t), s.Database(t)} {
		makeTable(t, url)
	}
	dir := s.dir
	s.Stop()
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the server's directory is still there: %v", err)
	}
}

func makeTable(t *testing.T, url string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), "CREATE TABLE mine (id INT)"); err != nil {
		t.Errorf("the database is not empty: %v", err)
	}
}
