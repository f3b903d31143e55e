package client

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// heard is a frame with the id that holds after it.
type heard struct{ id, name, data string }

// hear reads all frames, and the error that ends them.
func hear(r io.Reader, lastID string) (all []heard, retry time.Duration, err error) {
	f := newFrames(r, lastID)
	for {
		next, err := f.next()
		if err != nil {
			return all, f.retry, err
		}
		all = append(all, heard{f.lastID, next.name, next.data})
	}
}

func TestFrames(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		text  string
		want  []heard
		retry time.Duration
	}{
		"nothing":            {"", nil, 0},
		"one":                {"id: 1\nevent: a.b\ndata: {}\n\n", []heard{{"1", "a.b", "{}"}}, 0},
		"CRLF":               {"id: 1\r\nevent: a\r\ndata: {}\r\n\r\n", []heard{{"1", "a", "{}"}}, 0},
		"CR":                 {"id: 1\revent: a\rdata: {}\r\r", []heard{{"1", "a", "{}"}}, 0},
		"all of them":        {"data: 1\r\ndata: 2\rdata: 3\n\r\n", []heard{{"", "", "1\n2\n3"}}, 0},
		"lines":              {"data: 1\ndata\ndata:\ndata:  3\n\n", []heard{{"", "", "1\n\n\n 3"}}, 0},
		"empty data":         {"data\n\n", []heard{{"", "", ""}}, 0},
		"comments":           {": keepalive\n\n:\n\ndata: 1\n: in between\n\n", []heard{{"", "", "1"}}, 0},
		"no data":            {"event: a\nid: 1\n\ndata: 2\n\n", []heard{{"1", "", "2"}}, 0},
		"the id stays":       {"id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\n", []heard{{"1", "", "a"}, {"1", "", "b"}, {"", "", "c"}}, 0},
		"an id with NUL":     {"id: 1\x00\ndata: a\n\n", []heard{{"", "", "a"}}, 0},
		"cut off":            {"id: 1\ndata: a\n\nid: 2\ndata: b\n", []heard{{"1", "", "a"}}, 0},
		"cut off in a line":  {"data: a\n\ndata: b", []heard{{"", "", "a"}}, 0},
		"retry":              {"retry: 5000\n\n", nil, 5 * time.Second},
		"retry is no number": {"retry: 5s\nretry: -1\nretry:\n\n", nil, 0},
		"retry is bounded":   {"retry: 86400000\n", nil, maxRetry},
		"unknown fields":     {"datum: x\nData: y\ndata : z\n\n", nil, 0},
		"a mark at first":    {"\ufeffdata: 1\n\n\ufeffdata: 2\n\n", []heard{{"", "", "1"}}, 0},
		"one space":          {"data:1\n\ndata:  1\n\n", []heard{{"", "", "1"}, {"", "", " 1"}}, 0},
	} {
		for _, r := range []io.Reader{strings.NewReader(test.text), iotest.OneByteReader(strings.NewReader(test.text)), iotest.DataErrReader(strings.NewReader(test.text))} {
			got, retry, err := hear(r, "")
			if !slices.Equal(got, test.want) || retry != test.retry || !errors.Is(err, io.EOF) {
				t.Errorf("%s: %q %s %v", name, got, retry, err)
			}
		}
	}
}

func TestFramesKeepTheErrorAndTheID(t *testing.T) {
	t.Parallel()
	r := io.MultiReader(strings.NewReader("data: a\n\n"), iotest.ErrReader(io.ErrClosedPipe))
	if got, _, err := hear(r, "7"); !slices.Equal(got, []heard{{"7", "", "a"}}) || !errors.Is(err, io.ErrClosedPipe) {
		t.Error(got, err)
	}
}

func TestFrameTooLarge(t *testing.T) {
	t.Parallel()
	line := "data: " + strings.Repeat("x", 1<<20) + "\n"
	if _, _, err := hear(strings.NewReader(strings.Repeat(line, 17)), ""); !errors.Is(err, errFrameTooLarge) {
		t.Error(err)
	}
	// Small frames may go on for ever.
	if got, _, err := hear(strings.NewReader(strings.Repeat(line+"\n", 17)), ""); len(got) != 17 || !errors.Is(err, io.EOF) {
		t.Error(len(got), err)
	}
}

// FuzzFrames: how the bytes are cut does not matter, nor does the line ending,
// and what was heard can be written and heard again.
func FuzzFrames(f *testing.F) {
	for _, seed := range []string{"id: 1\nevent: a\ndata: {}\n\n", "data: 1\r\rdata\n\n:c\n\n", "\ufeffretry: 5\r\n\r\ndata:x\r\n\r\n", "id:\x00\ndata\n\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		want, _, err := hear(strings.NewReader(text), "")
		if !errors.Is(err, io.EOF) && !errors.Is(err, errFrameTooLarge) {
			t.Fatal(err)
		}
		lines := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
		for _, r := range []io.Reader{
			iotest.OneByteReader(strings.NewReader(text)), strings.NewReader(lines), strings.NewReader(strings.ReplaceAll(lines, "\n", "\r\n")),
		} {
			if got, _, _ := hear(r, ""); !slices.Equal(got, want) {
				t.Fatalf("%q gives %q, and cut otherwise %q", text, want, got)
			}
		}
		var again strings.Builder
		for _, h := range want {
			again.WriteString("id: " + h.id + "\nevent: " + h.name + "\ndata: " + strings.ReplaceAll(h.data, "\n", "\ndata: ") + "\n\n")
		}
		if got, _, _ := hear(strings.NewReader(again.String()), ""); !slices.Equal(got, want) {
			t.Fatalf("%q gives %q, and heard again %q", text, want, got)
		}
	})
}
