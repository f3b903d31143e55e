package dialect

import (
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
)

//go:embed builtin/*.yaml
var builtinFiles embed.FS

// Set holds dialects by name. It never changes, so it is safe for concurrent
// use; its dialects are shared and must not be written to.
type Set struct {
	byName map[string]*Dialect
	usual  *Dialect // what Default returns
}

// Builtin is the set of the embedded dialects, for tests and tools. What runs
// with an operator's settings takes Config.Load.
func Builtin() *Set {
	set, err := (&Config{DefaultDialect: Standard}).Load()
	if err != nil {
		panic(err) // The files are a part of the program.
	}
	return set
}

// Get returns the dialect of that name.
func (s *Set) Get(name string) (*Dialect, bool) {
	d, ok := s.byName[name]
	return d, ok
}

// Default returns the dialect of those who name none.
func (s *Set) Default() *Dialect { return s.usual }

// Names returns all names in alphabetical order.
func (s *Set) Names() []string { return slices.Sorted(maps.Keys(s.byName)) }

// All returns the dialects in the order of their names.
func (s *Set) All() []*Dialect {
	all := make([]*Dialect, 0, len(s.byName))
	for _, name := range s.Names() {
		all = append(all, s.byName[name])
	}
	return all
}

// builtin returns the embedded files.
func builtin() ([]file, error) {
	var files []file
	err := fs.WalkDir(builtinFiles, "builtin", func(p string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := builtinFiles.ReadFile(p)
		files = append(files, file{name: path.Base(p), data: data, builtin: true})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the built-in dialects: %w", err)
	}
	return files, nil
}
