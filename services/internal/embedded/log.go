package embedded

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
)

// natsLog passes on what matters; the server's notices are debug to us.
type natsLog struct {
	log   *slog.Logger
	fatal *firstError
}

func (l natsLog) Noticef(format string, v ...any) { l.log.Debug("nats", "said", line(format, v)) }
func (l natsLog) Warnf(format string, v ...any)   { l.log.Warn("nats", "said", line(format, v)) }
func (l natsLog) Errorf(format string, v ...any)  { l.log.Error("nats", "said", line(format, v)) }
func (l natsLog) Debugf(string, ...any)           {}
func (l natsLog) Tracef(string, ...any)           {}

// Fatalf keeps the reason. A server of its own would end the process here;
// this one stays half started.
func (l natsLog) Fatalf(format string, v ...any) {
	l.log.Error("nats", "said", line(format, v))
	l.fatal.set(errors.New(line(format, v)))
}

func line(format string, v []any) string { return strings.TrimSpace(fmt.Sprintf(format, v...)) }

// firstError is written by the server and read by who started it.
type firstError struct {
	mu  sync.Mutex
	err error
}

func (f *firstError) set(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil {
		f.err = err
	}
}

func (f *firstError) get() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}
