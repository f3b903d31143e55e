package stack

import (
	"bytes"
	"sync"
)

// log keeps the end of what the processes say, to be shown where one fails.
type log struct {
	mu   sync.Mutex
	text []byte
}

const maxLog = 16 << 10 // bytes

// Write keeps the last lines that fit.
func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, p...)
	if over := len(l.text) - maxLog; over > 0 {
		l.text = l.text[over:]
		if _, rest, ok := bytes.Cut(l.text, []byte("\n")); ok {
			l.text = rest
		}
	}
	return len(p), nil
}

// String is what was kept.
func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.text)
}
