package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
)

// nameSQLite is that of the engine whose database is a file.
const nameSQLite = "SQLite"

// engine is what the two databases do differently. All else is one code.
type engine struct {
	name string
	// open returns the pool that writes and the pool that reads, which may be
	// the same. It need not reach the database yet.
	open func() (writer, reader *sql.DB, err error)
	// lock makes a transaction the only one that writes until it ends. What it
	// reads after that is the last that was committed.
	lock func(context.Context, *sql.Tx) error
	// types are put into the schema for {text} and {bytes}.
	types *strings.Replacer
	// bind puts the engine's marks in the place of each ? of a statement.
	bind func(string) string
	// empty drops all rows.
	empty []string
	// rows is how many rows one statement reads or writes.
	rows int
	// away says whether waiting may cure the failure to open.
	away func(error) bool
}

var errURL = errors.New("database-url: must look like postgres://user:password@host:5432/database or sqlite:path; special characters of a password must be %-encoded")

// engine chooses by the scheme of the URL. Its errors never quote the URL.
func (c *Config) engine() (*engine, error) {
	url := c.DatabaseURL.Reveal()
	scheme, rest, _ := strings.Cut(url, ":")
	switch {
	case url == "" && c.File == "":
		return nil, errors.New("history-file: must name a file, where database-url is empty")
	case url == "":
		return newSQLite(c.File), nil
	case scheme == "postgres" || scheme == "postgresql":
		return newPostgres(url)
	case scheme == "sqlite":
		// sqlite:///path has an empty host; any other host is a mistake.
		if after, ok := strings.CutPrefix(rest, "//"); ok {
			rest = after
			if !strings.HasPrefix(rest, "/") {
				return nil, errURL
			}
		}
		if rest == "" || strings.ContainsRune(rest, 0) {
			return nil, errURL
		}
		return newSQLite(rest), nil
	}
	return nil, errURL
}

// drop empties every table but that of the version.
func (e *engine) drop(ctx context.Context, tx *sql.Tx) error {
	for _, statement := range e.empty {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("empty the history: %w", err)
		}
	}
	return nil
}
