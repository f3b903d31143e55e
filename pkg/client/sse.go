package client

import (
	"bufio"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// maxRetry bounds the wait that a server may ask for.
const maxRetry = time.Minute

// errFrameTooLarge: the rest of the stream cannot be made sense of.
var errFrameTooLarge = errors.New("an event of the stream is larger than 16 MiB")

// frame is one event of a stream.
type frame struct {
	name string // "" for none
	data string
}

// frames reads server-sent events (HTML standard, section 9.2.6).
type frames struct {
	r *bufio.Reader
	// lastID is the id of the last frame that had one.
	lastID string
	// retry is the wait before connecting again that the server asked for; 0
	// for none.
	retry time.Duration

	begun   bool // the first line, which a mark may begin, was read
	afterCR bool // a line feed that follows belongs to it
	size    int  // of the frame so far
}

func newFrames(r io.Reader, lastID string) *frames {
	return &frames{r: bufio.NewReader(r), lastID: lastID}
}

// next returns the next frame that has data. A frame that is cut off by the end
// of the stream is dropped; the error is the stream's, io.EOF at its end.
func (f *frames) next() (frame, error) {
	var current frame
	var data []string
	f.size = 0
	id := f.lastID
	for {
		line, err := f.line()
		if err != nil {
			return frame{}, err
		}
		if line != "" {
			data = f.field(line, &current, &id, data)
			continue
		}
		f.lastID = id
		if data != nil {
			current.data = strings.Join(data, "\n")
			return current, nil
		}
		current, f.size = frame{}, 0
	}
}

// field takes one line that is not empty. Comments begin with a colon.
func (f *frames) field(line string, current *frame, id *string, data []string) []string {
	name, value, _ := strings.Cut(line, ":")
	value = strings.TrimPrefix(value, " ")
	switch name {
	case "data":
		return append(data, value)
	case "event":
		current.name = value
	case "id":
		if !strings.ContainsFunc(value, unicode.IsControl) { // it goes back in a header
			*id = value
		}
	case "retry":
		if ms, err := strconv.ParseUint(value, 10, 31); err == nil {
			f.retry = min(time.Duration(ms)*time.Millisecond, maxRetry)
		}
	}
	return data
}

// line reads up to CR, LF or both, and leaves them out. What stands before the
// end of the stream is no line.
func (f *frames) line() (string, error) {
	var line []byte
	for {
		b, err := f.r.ReadByte()
		if err != nil {
			return "", err
		}
		follows := f.afterCR
		f.afterCR = b == '\r'
		switch {
		case b == '\n' && follows:
			continue
		case b == '\n' || b == '\r':
			return f.unmarked(line), nil
		}
		if f.size++; f.size > maxAnswer {
			return "", errFrameTooLarge
		}
		line = append(line, b)
	}
}

// unmarked drops the byte order mark that the stream may begin with.
func (f *frames) unmarked(line []byte) string {
	if f.begun {
		return string(line)
	}
	f.begun = true
	return strings.TrimPrefix(string(line), "\ufeff")
}
