package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"modernc.org/sqlite" // registers the driver "sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// readers is how many queries SQLite answers at once.
const readers = 4

// newSQLite keeps the history in a file. One connection writes and several
// read: with a write-ahead log neither waits for the other.
func newSQLite(file string) *engine {
	return &engine{
		name: nameSQLite,
		open: func() (writer, reader *sql.DB, err error) { return openSQLite(file) },
		// Its transactions begin as the only writer, see _txlock.
		lock:  func(context.Context, *sql.Tx) error { return nil },
		types: strings.NewReplacer("{text}", "TEXT", "{bytes}", "BLOB", "{clustered}", " WITHOUT ROWID"),
		empty: []string{"DELETE FROM attempts", "DELETE FROM deliveries", "DELETE FROM delivery_counts"},
		bind:  func(statement string) string { return statement },
		rows:  8, // more at once gain nothing
		away:  busy,
	}
}

func openSQLite(file string) (writer, reader *sql.DB, err error) {
	path, err := makeFile(file)
	if err != nil {
		return nil, nil, err
	}
	if writer, err = sql.Open("sqlite", sqliteName(path, url.Values{"_txlock": {"immediate"}})); err != nil {
		return nil, nil, err
	}
	writer.SetMaxOpenConns(1)
	if reader, err = sql.Open("sqlite", sqliteName(path, url.Values{"_query_only": {"1"}})); err != nil {
		_ = writer.Close()
		return nil, nil, err
	}
	reader.SetMaxOpenConns(readers)
	reader.SetMaxIdleConns(readers)
	return writer, reader, nil
}

// makeFile makes the file where it is missing, for its owner's eyes alone.
func makeFile(file string) (string, error) {
	path, err := filepath.Abs(file)
	if err != nil {
		return "", fmt.Errorf("history-file: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", fmt.Errorf("history-file: %w", err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return "", fmt.Errorf("history-file: %w", err)
	}
	return path, f.Close()
}

// sqliteName is the driver's name of the file. NORMAL may lose the last
// commits with the machine's power, and never the file; the stream has them.
func sqliteName(path string, values url.Values) string {
	values.Set("_busy_timeout", "5000")
	values.Set("_journal_mode", "WAL")
	values.Set("_synchronous", "NORMAL")
	values["_pragma"] = []string{"cache_size(-16384)", "wal_autocheckpoint(4096)", "journal_size_limit(33554432)", "temp_store(MEMORY)"}
	name := url.URL{Scheme: "file", Path: path, RawQuery: values.Encode()}
	return name.String()
}

// busy says whether another process holds the file.
func busy(err error) bool {
	var failure *sqlite.Error
	return errors.As(err, &failure) && failure.Code()&0xff == sqlite3.SQLITE_BUSY
}
