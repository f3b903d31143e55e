package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// maxData is the largest body that the API takes.
const maxData = 16 << 20

// readData gives the event's data: the text, or what is in the file, "-" for in.
// Both empty give nil.
func readData(text, file string, in io.Reader) (json.RawMessage, error) {
	switch {
	case text != "":
		return json.RawMessage(text), checkJSON("data", []byte(text))
	case file == "":
		return nil, nil
	case file == "-":
		return readJSON("data-file: standard input", in)
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("data-file: %w", err)
	}
	defer f.Close()
	return readJSON("data-file: "+file, f)
}

func readJSON(where string, r io.Reader) (json.RawMessage, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxData+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	if len(data) > maxData {
		return nil, fmt.Errorf("%s: is larger than 16 MiB", where)
	}
	data = bytes.TrimSpace(data)
	return data, checkJSON(where, data)
}

// checkJSON names line and column, each from 1, of what is wrong.
func checkJSON(where string, data []byte) error {
	var value json.RawMessage
	err := json.Unmarshal(data, &value)
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) {
		return err
	}
	// Offset counts the byte that is wrong; at the end there is none.
	before := data[:max(0, min(int(syntax.Offset)-1, len(data)))]
	line := bytes.Count(before, []byte("\n")) + 1
	column := len(before) - bytes.LastIndexByte(before, '\n')
	return fmt.Errorf("%s: is not JSON at line %d, column %d: %w", where, line, column, err)
}
