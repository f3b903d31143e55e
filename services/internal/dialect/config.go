package dialect

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// Config says where further dialects are, and which one is the default.
type Config struct {
	DialectsFile   string `name:"dialects-file" group:"Dialects" help:"YAML file with dialects of your own, and with changes to the built-in ones. Empty: only the built-in ones."`
	DefaultDialect string `name:"default-dialect" group:"Dialects" help:"Dialect of subscriptions whose tenant has set none." default:"standard"`
}

// maxFileBytes is far above any file that a person writes.
const maxFileBytes = 1 << 20

// Validate reads the file and names all that is wrong with it.
func (c *Config) Validate() error {
	_, err := c.Load()
	return err
}

// Load reads the built-in dialects and the file. Its error is that of
// Validate: for each mistake a line with file, line, dialect and field.
func (c *Config) Load() (*Set, error) {
	files, err := builtin()
	if err != nil {
		return nil, err
	}
	if c.DialectsFile != "" {
		data, err := readBounded(c.DialectsFile)
		if err != nil {
			return nil, fmt.Errorf("dialects-file: %w", err)
		}
		files = append(files, file{name: c.DialectsFile, data: data})
	}
	set, err := load(files)
	if err != nil {
		return nil, fmt.Errorf("dialects-file: %w", err)
	}
	if set.usual = set.byName[c.DefaultDialect]; set.usual == nil {
		return nil, fmt.Errorf("default-dialect: %.64q is not known; known are %s", c.DefaultDialect, strings.Join(set.Names(), ", "))
	}
	return set, nil
}

func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFileBytes+1))
	if err != nil {
		return nil, unreadable(path, err)
	}
	if len(data) > maxFileBytes {
		return nil, fmt.Errorf("file %s is too large; it may have %d bytes", path, maxFileBytes)
	}
	return data, nil
}

// unreadable keeps only the cause: os names the path again.
func unreadable(path string, err error) error {
	var cause *fs.PathError
	if errors.As(err, &cause) {
		err = cause.Err
	}
	return fmt.Errorf("file %s cannot be read: %w", path, err)
}
