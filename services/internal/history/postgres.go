package history

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

const (
	// connections is how many one process opens to PostgreSQL.
	connections = 8
	// idleTime is how long one of them is kept for nothing.
	idleTime = 5 * time.Minute
	// connectTimeout is how long an address may take to answer, where the URL
	// does not say.
	connectTimeout = 5 * time.Second
)

// newPostgres keeps the history in PostgreSQL, which several processes may
// share. The driver's own error would quote the URL.
func newPostgres(address string) (*engine, error) {
	if _, err := url.Parse(address); err != nil || !strings.Contains(address, "://") {
		return nil, errURL
	}
	cfg, err := pgx.ParseConfig(address)
	if err != nil {
		return nil, errURL
	}
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = connectTimeout
	}
	if cfg.RuntimeParams["application_name"] == "" {
		cfg.RuntimeParams["application_name"] = "posthaste"
	}
	// A plan that is kept may be one for the empty tables of the first minute,
	// and a hundred times too slow.
	cfg.DefaultQueryExecMode = pgx.QueryExecModeExec
	return &engine{
		name: "PostgreSQL",
		open: func() (writer, reader *sql.DB, err error) {
			pool := stdlib.OpenDB(*cfg)
			pool.SetMaxOpenConns(connections)
			pool.SetMaxIdleConns(connections)
			pool.SetConnMaxIdleTime(idleTime)
			return pool, pool, nil
		},
		lock: lockVersion,
		// Bytes compare as in SQLite, and without a locale's cost.
		types: strings.NewReplacer("{text}", `TEXT COLLATE "C"`, "{bytes}", "BYTEA", "{clustered}", ""),
		bind:  numbered,
		empty: []string{"TRUNCATE attempts, deliveries, delivery_counts"},
		rows:  64, // each statement is a round trip
		away:  pgAway,
	}, nil
}

// numbered writes $1, $2 and so on for each ?; no statement has one in a text.
func numbered(statement string) string {
	var b strings.Builder
	for i, part := range strings.Split(statement, "?") {
		if i > 0 {
			b.WriteByte('$')
			b.WriteString(strconv.Itoa(i))
		}
		b.WriteString(part)
	}
	return b.String()
}

// lockVersion lets one transaction write at a time, of whatever process: two
// that read a delivery and write what comes of it would lose one's part.
// Readers do not wait.
func lockVersion(ctx context.Context, tx *sql.Tx) error {
	var version int
	if err := tx.QueryRowContext(ctx, "SELECT version FROM schema_version FOR UPDATE").Scan(&version); err != nil {
		return fmt.Errorf("wait for other writers: %w", err)
	}
	return nil
}

// pgAway says whether the server may yet come: it cannot be reached, is
// starting, is ending, or has too many clients.
func pgAway(err error) bool {
	var answer *pgconn.PgError
	if !errors.As(err, &answer) {
		var connect *pgconn.ConnectError
		var network net.Error
		return errors.As(err, &connect) || errors.As(err, &network) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, io.ErrUnexpectedEOF)
	}
	class := answer.Code[:min(2, len(answer.Code))]
	return class == "57" || class == "53" || class == "08"
}
